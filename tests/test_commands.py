"""Every command that is shown to people exists, with parameters that exist."""

import ast
import re
from pathlib import Path

import pytest
import yaml
from prefect.utilities.importtools import import_object

from mnist.errors import NoChampion, Remedy
from mnist.orchestrator import advice, command

SOURCES = [
    path
    for folder in ("mnist", "flows", "watcher", "api", "dashboard", "infra", "examples")
    for path in sorted(Path(folder).rglob("*.py"))
]
DOCUMENTS = [Path("README.md"), Path("CONTRIBUTING.md"), Path("infra/README.md")]
DOCUMENTS += sorted(Path("docs").glob("*.md"))

FLOWS = {
    f"{entry['entrypoint'].rpartition('.')[2].replace('_', '-')}/{entry['name']}": entry[
        "entrypoint"
    ]
    for entry in yaml.safe_load(Path("prefect.yaml").read_text())["deployments"]
}

_RUN = re.compile(r"prefect deployment run '?([\w-]+/[\w-]+)'?((?: -p '?[\w-]+=[^\s`'\"]*'?)*)")
_PARAMETER = re.compile(r"-p '?([\w-]+)=")


def shown():
    for path in (*SOURCES, *DOCUMENTS):
        text = re.sub(r'"\s*f?"', "", path.read_text())  # joined as Python joins neighbours
        for name, parameters in _RUN.findall(text):
            yield str(path), name, _PARAMETER.findall(parameters)


def remedies():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Remedy":
                name = ast.literal_eval(node.args[0])
                keys = node.args[1].keys if len(node.args) > 1 else []
                yield str(path), f"{name}/default", [ast.literal_eval(key) for key in keys]


@pytest.mark.parametrize(("place", "name", "parameters"), [*shown(), *remedies()])
def test_a_command_that_is_shown_exists(place, name, parameters):
    assert name in FLOWS, f"{place} names {name}"
    properties = import_object(FLOWS[name]).parameters.properties
    assert set(parameters) <= set(properties), f"{place} gives {name} {parameters}"


def test_there_are_commands_and_remedies_to_look_at():
    assert len(list(remedies())) >= 5
    assert {name for _, name, _ in shown()} >= {"retrain/default", "rollback/default"}


@pytest.mark.parametrize("path", [path for path in SOURCES if path.parts[0] == "mnist"], ids=str)
def test_the_core_names_no_command_of_an_orchestrator(path):
    if path.name != "orchestrator.py":
        assert not re.search(r"prefect deployment|\w+/default\b|`-p ", path.read_text())


def test_an_error_says_its_command_to_people():
    error = NoChampion("Nothing has been promoted yet.", Remedy("retrain", {"recipe": "best"}))
    assert command(error.remedy) == "prefect deployment run 'retrain/default' -p recipe=best"
    assert advice(error).endswith("Run `prefect deployment run 'retrain/default' -p recipe=best`.")
    assert advice(NoChampion("No.")) == "No."
