"""The local stack by hand: `python -m infra up | down | status …`; `provision` for any other."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from infra import environment, provisioning, rotation, settings_in_use
from infra.backup import back_up
from infra.backup import restore as restore_backup
from infra.doctor import Doctor
from infra.identities import bucket_names, named
from infra.proxies import reach_loopback_directly
from infra.services import API, SERVICES
from infra.stack import Health, Stack
from mnist.errors import MnistError
from mnist.orchestrator import advice
from mnist.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False)
console = Console(highlight=False)


@app.callback()
def command() -> None:
    """The local stack."""
    reach_loopback_directly()


@app.command()
def up() -> None:
    """Start what does not run and wait until all of it is ready."""
    with _one_sentence_on_failure(), console.status("starting; logs are in .local/logs"):
        variables = _stack().up()
    table = Table(box=None, show_header=False)
    for service in SERVICES:
        if service.page:
            table.add_row(service.page, service.address(variables))
    console.print(table)
    console.print("Names and keys: [bold]. .local/env[/bold]   To stop: [bold]make down[/bold]")
    predict = f"{API.address(variables)}/predict"
    console.print(
        f'One image: curl -F "file=@examples/seven-ruled-paper.jpg" {predict}', soft_wrap=True
    )


@app.command()
def down() -> None:
    """Stop it and leave the data."""
    with _one_sentence_on_failure(), console.status("stopping"):
        if not _stack().down():
            console.print("Nothing was running.")


@app.command()
def status() -> None:
    """Show every process; exit 1 if one is not healthy."""
    with _one_sentence_on_failure():
        healths = _stack().health()
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("process", "state", "pid", "uptime", "address", "healthy"):
        table.add_column(heading, no_wrap=heading == "address")
    for health in healths:
        table.add_row(*_row(health))
    console.print(table)
    if any(health.problem for health in healths):
        console.print("Not everything runs: [bold]make up[/bold] starts what is missing.")
        raise typer.Exit(1)


@app.command()
def doctor() -> None:
    """Say what is wrong with the running stack and what to do; exit 1 if anything is."""
    stack = _stack()
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    problems = 0
    with _one_sentence_on_failure():
        examined = Doctor(Path.cwd(), Path(".local"), stack.variables(), stack.health())
        for finding in examined.examine():
            problem, remedy = "[green]well[/green]", ""
            if finding.problem:
                problem, remedy = f"[red]{escape(finding.problem)}[/red]", finding.remedy
                problems += 1
            table.add_row(finding.check, problem, remedy)
    console.print(table)
    if problems:
        raise typer.Exit(1)


@app.command()
def rotate(key: Annotated[str, typer.Argument()] = "") -> None:
    """Give a key a new value and start anew who uses it; without a key, list them."""
    stack = _stack()
    with _one_sentence_on_failure():
        if not key:
            _list_keys(stack.variables())
            return
        with console.status("starting anew who uses it"):
            restarted = stack.rotate(key)
    names = ", ".join(service.name for service in restarted)
    console.print(f"Changed in .local/env; started anew: {names or 'nothing, as nothing runs'}.")
    console.print("In open shells: [bold]. .local/env[/bold]")


@app.command()
def backup(target: Path) -> None:
    """Copy the running stack's data, without its keys, into a new folder."""
    with _one_sentence_on_failure():
        variables = _stack().variables()
        settings = Settings.of_variables(variables)
        buckets = [*bucket_names(variables).values()]
        back_up(settings, buckets, Path(".local").resolve(), target, _say)


@app.command()
def restore(source: Path) -> None:
    """Fill this checkout, which must have no data, from a backup; then `make up`."""
    with _one_sentence_on_failure():
        directory = Path(".local").resolve()
        manifest = restore_backup(source, directory, _say)
        if manifest.trusted_keys:  # what they signed still counts under the new stack's key
            trusted = {"MNIST_TRUSTED_KEYS": manifest.trusted_keys}
            environment.prepare(Path.cwd(), directory, trusted)


@app.command()
def policy(identity: str) -> None:
    """Print what an identity may do in the store, as an IAM policy document."""
    with _one_sentence_on_failure():
        document = named(identity).policy(bucket_names(os.environ))
    typer.echo(json.dumps(document, indent=2))


@app.command()
def provision() -> None:
    """Make buckets, deployments and users in the services that the environment names."""
    directory = Path(os.environ.get("PREFECT_HOME", ".local"))
    with _one_sentence_on_failure():
        provisioning.provision(Path.cwd(), directory, os.environ, _say)


def _list_keys(variables: Mapping[str, str]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("key", "given to"):
        table.add_column(heading, no_wrap=heading == "key")
    for name, held_in in rotation.keys(variables).items():
        changed = {**variables, **dict.fromkeys(held_in, "")}
        users = settings_in_use.affected(variables, changed)
        table.add_row(name, ", ".join(service.name for service in users))
    table.add_row(rotation.ALL, "every key above, after a leak of .local/env")
    console.print(table)
    console.print("To change one: [bold]make rotate KEY=NAME[/bold]")


def _say(line: str) -> None:
    console.print(f"  {line}", markup=False)


def _stack() -> Stack:
    return Stack(Path.cwd(), say=_say)


def _row(health: Health) -> list[str]:
    state = health.state
    return [
        health.service.name,
        state.state if state else "-",
        str(state.pid) if state and state.pid else "-",
        str(timedelta(seconds=round(state.uptime_seconds))) if state and state.pid else "-",
        health.address or "-",
        f"[red]no: {health.problem}[/red]" if health.problem else "[green]yes[/green]",
    ]


@contextmanager
def _one_sentence_on_failure() -> Iterator[None]:
    try:
        yield
    except MnistError as error:
        Console(stderr=True, highlight=False, markup=False).print(
            advice(error), style="red", soft_wrap=True
        )
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app()
