"""One function moves an alias, and nothing else may."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCES = sorted(
    path
    for folder in ("mnist", "flows", "watcher", "api", "dashboard", "infra", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
)
DOOR = ROOT / "mnist" / "registry" / "aliases.py"


def places(pattern):
    return [
        path for path in SOURCES for _ in re.finditer(pattern, path.read_text(encoding="utf-8"))
    ]


def test_the_search_sees_the_project():
    assert DOOR in SOURCES
    assert len(SOURCES) > 100


@pytest.mark.parametrize(
    "pattern", [r"set_registered_model_alias", r"\bself\._client\.set_\w*alias"]
)
def test_one_line_of_one_file_sets_an_alias(pattern):
    assert places(pattern) == [DOOR]


@pytest.mark.parametrize(
    "pattern",
    [r"delete_registered_model_alias", r"add_model_alias", r"(POST|DELETE|post|delete)\W.*alias"],
)
def test_there_is_no_back_door(pattern):
    assert places(pattern) == []
