"""A page is one folder, with its line in the script and its tests."""

import ast
from pathlib import Path

import pytest

from tests.dashboard.conftest import PAGES

FOLDERS = [Path("dashboard/pages", page) for page in PAGES]
CALCULATIONS = sorted(
    file for name in ("queries", "charts") for file in Path("dashboard").rglob(f"{name}.py")
)


def imports_of(file: Path) -> set[str]:
    """Name every module that a file imports."""
    modules = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(str(node.module))
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
    return modules


def test_there_are_thirteen_pages():
    assert len(PAGES) == 13


@pytest.mark.parametrize("page", FOLDERS, ids=lambda page: page.name)
def test_a_page_is_drawn_by_its_page_module_and_known_to_the_script(page):
    assert (page / "page.py").exists()
    assert page.name in Path("dashboard/app/script.py").read_text(encoding="utf-8")
    assert Path(f"tests/dashboard/pages/test_{page.name}.py").exists()


@pytest.mark.parametrize("file", CALCULATIONS, ids=str)
def test_queries_and_charts_know_no_streamlit(file):
    assert not {module for module in imports_of(file) if module.partition(".")[0] == "streamlit"}


@pytest.mark.parametrize("page", FOLDERS, ids=lambda page: page.name)
def test_a_page_takes_nothing_from_another_page(page):
    others = {f"dashboard.pages.{other.name}" for other in FOLDERS if other != page}
    for file in page.glob("*.py"):
        taken = {m for m in imports_of(file) if ".".join(m.split(".")[:3]) in others}
        assert not taken, f"{file} takes {taken}; what pages share lies in dashboard/components"
