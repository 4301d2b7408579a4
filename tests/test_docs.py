"""What the documents say is what there is."""

import re
from pathlib import Path
from types import NoneType
from typing import get_args

import pytest
from pydantic import SecretStr

from dashboard.access.accounts import Accounts
from flows.support import artifacts
from mnist.digits import Reason
from mnist.settings import Settings

README = Path("README.md").read_text()
EXAMPLE = Path(".env.example").read_text()
MAKEFILE = Path("Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, flags=re.MULTILINE))

_ALSO_NAME_TARGETS = ("CONTRIBUTING.md", "infra/README.md", "docs/operations.md")

FIELDS = {
    **{
        variable: Settings.model_fields[name]
        for name, variables in Settings.variables().items()
        for variable in variables
    },
    **{f"DASHBOARD_{name.upper()}": field for name, field in Accounts.model_fields.items()},
}

SETTINGS = {
    cells[0].strip("` "): [cell.strip() for cell in cells[1:]]
    for line in Path("docs/settings.md").read_text().splitlines()
    if line.startswith("| `")
    for cells in [line.strip("|").split("|")]
}
"""Variable -> type, default, what it is, where it is used."""

TYPES = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    SecretStr: "secret",
}


@pytest.mark.parametrize("variable", FIELDS)
def test_every_setting_is_documented(variable):
    field = FIELDS[variable]
    kind, default, meaning, place = SETTINGS[variable]
    kinds = set(get_args(field.annotation)) or {field.annotation}
    assert TYPES[(kinds - {NoneType}).pop()] == kind
    if variable.startswith("DASHBOARD_"):
        assert default in {"required", "unset", str(field.default)}  # some need each other
    elif field.is_required():
        assert default == "required"
    elif field.default is None:
        assert default == "unset"
        assert "unset: " in meaning or variable == "MLFLOW_TRACKING_PASSWORD"
    else:
        assert default.replace(",", "") == str(field.default)
    assert Path(place.strip("`")).is_file()
    assert re.search(rf"^#?{variable}=", EXAMPLE, flags=re.MULTILINE)


@pytest.mark.parametrize("variable", FIELDS)
def test_the_default_in_the_example_is_the_default(variable):
    default = FIELDS[variable].default
    written = re.search(rf"^{variable}=(.*)$", EXAMPLE, flags=re.MULTILINE)
    if variable.startswith("MNIST_") and default is not None:
        assert written
        assert written[1] == str(default)


def test_no_setting_is_documented_that_does_not_exist():
    assert set(SETTINGS) == set(FIELDS)
    examples = re.findall(r"^#?((?:MNIST|DASHBOARD)_\w+)=", EXAMPLE, flags=re.MULTILINE)
    assert set(examples) <= set(FIELDS)


def test_every_make_target_in_the_documents_exists():
    for document in (README, *(Path(each).read_text() for each in _ALSO_NAME_TARGETS)):
        assert set(re.findall(r"(?:`|^)make ([a-z-]+)", document, flags=re.MULTILINE)) <= TARGETS


@pytest.mark.parametrize(
    "document",
    ["README.md", "CONTRIBUTING.md", "infra/README.md", *map(str, Path("docs").glob("*.md"))],
)
def test_links_and_named_files_exist(document):
    text = Path(document).read_text()
    folder = Path(document).parent
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (folder / target).exists(), f"{document} links to {target}"
    for named in re.findall(r"`((?:mnist|flows|watcher|api|dashboard|infra|docs)/[\w/.]+)`", text):
        assert Path(named).exists(), f"{document} names {named}"


def test_every_test_that_a_document_names_exists():
    for document in Path("docs").glob("*.md"):
        for file, test in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", document.read_text()):
            assert Path(file).exists(), f"{document} names {file}"
            if test:
                assert f"def {test}" in Path(file).read_text(), f"{document} names {file}::{test}"


def test_every_reason_has_a_sentence_for_people():
    for reason in Reason:
        assert reason.sentence.endswith(".")


def test_artifact_keys_are_what_prefect_accepts():
    for name in ("Plain", "ü 数 x", "a" * 300, "--", "A_b.c/d"):
        assert re.fullmatch(r"[a-z0-9-]+", artifacts.key("receipt", name))
