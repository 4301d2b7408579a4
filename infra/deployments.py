"""Register work pool, queues and the deployments of `prefect.yaml` with the Prefect server.

Deploying itself is Prefect's own command. What it lacks is asked of the server: `prefect deploy`
ignores keys it does not know and takes many seconds to find that nothing is new.
"""

import hashlib
import subprocess
import sysconfig
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import yaml

from infra.prefect_server import prefect_api
from infra.schedules import People
from mnist.errors import InvalidSettings, Unavailable
from mnist.orchestrator import AlreadyExists, PrefectApi

POOL = "default"

QUEUE_PRIORITIES = {"scoring": 1, "training": 2}
"""Smaller is sooner: scoring never waits behind training."""


@dataclass(frozen=True)
class Deployment:
    """One entry of `prefect.yaml`."""

    name: str
    entrypoint: str


def declared(root: Path) -> list[Deployment]:
    """List the deployments of `prefect.yaml`.

    Raises:
        InvalidSettings: If the file is missing or an entry lacks its name or entrypoint.
    """
    file = root / "prefect.yaml"
    try:
        entries = yaml.safe_load(file.read_text())["deployments"]
        return [Deployment(entry["name"], entry["entrypoint"]) for entry in entries]
    except (FileNotFoundError, yaml.YAMLError, KeyError, TypeError) as error:
        raise InvalidSettings(
            f"{file} does not list deployments with name and entrypoint: {error!r}."
        ) from error


def register(
    root: Path,
    directory: Path,
    environment: Mapping[str, str],
    say: Callable[[str], None] = lambda _line: None,
) -> bool:
    """Make the server know every deployment; say whether it had to be told.

    What people did to schedules, pauses and automations stays as it is.

    Args:
        root: The checkout, with `prefect.yaml`.
        directory: Folder of local state; remembers what was deployed last, and gets the log.
        environment: As for the stack's processes.
        say: Called with one line for each thing that was kept as people left it.

    Raises:
        Unavailable: If the server refuses, or lacks a deployment afterwards.
    """
    remembered = directory / "deployed"
    digest = _digest(root)
    api = prefect_api(environment)
    unchanged = remembered.exists() and remembered.read_text() == digest
    if unchanged and set(declared(root)) <= registered(api):
        return False
    _create_pool(api)
    people = People(api, directory)
    people.note()
    _deploy_all(root, directory / "logs" / "deploy.log", environment)
    if missing := set(declared(root)) - registered(api):
        names = ", ".join(sorted(deployment.entrypoint for deployment in missing))
        raise Unavailable(
            f"`prefect deploy --all` succeeded, but the server does not know {names}; "
            f"see {directory}/logs/deploy.log."
        )
    for line in people.put_back():
        say(f"kept as people left it: {line}")
    remembered.write_text(digest)
    return True


def _create_pool(api: PrefectApi) -> None:
    _create(api, "/work_pools/", {"name": POOL, "type": "process"})
    for name, priority in QUEUE_PRIORITIES.items():
        _create(api, f"/work_pools/{POOL}/queues", {"name": name, "priority": priority})


def _create(api: PrefectApi, path: str, content: dict[str, object]) -> None:
    with suppress(AlreadyExists):
        api.request("POST", path, content)


def registered(api: PrefectApi) -> set[Deployment]:
    """List the deployments that the server knows."""
    records = api.request("POST", "/deployments/filter", {"limit": 200})
    return {Deployment(record["name"], record["entrypoint"]) for record in records}


def _deploy_all(root: Path, log: Path, environment: Mapping[str, str]) -> None:
    prefect = Path(sysconfig.get_path("scripts")) / "prefect"
    done = subprocess.run(
        [prefect, "--no-prompt", "deploy", "--all"],
        cwd=root,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    log.write_text(done.stdout)
    if done.returncode:
        last_lines = "\n".join(done.stdout.splitlines()[-20:])
        raise Unavailable(
            f"`prefect deploy --all` ended with code {done.returncode}; the end of {log}:\n"
            f"{last_lines}"
        )


def _digest(root: Path) -> str:
    """Digest what the deployments are made of: their list, the flows' signatures, their place."""
    digest = hashlib.sha256(str(root).encode())
    for file in [root / "prefect.yaml", *sorted((root / "flows").rglob("*.py"))]:
        digest.update(file.read_bytes())
    return digest.hexdigest()
