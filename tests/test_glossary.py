"""Names in the code are the words of docs/glossary.md, as far as a machine can tell."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = ("mnist", "flows", "watcher", "api", "dashboard", "infra")
GLOSSARY = Path("docs/glossary.md").read_text()
TERMS, RETIRED = GLOSSARY.split("## Words we no longer use")

SAY_NOTHING = {"found", "known", "said", "each", "made", "wanted", "given", "told"}
"""Such a name says what was done to a thing, not what it is."""

STORED = {
    "real_world_dir": "the setting MNIST_REAL_WORLD_DIR, in people's environments",
    "real_world_floors": "a field of the policy, in deployments and in recorded decisions",
}
"""Names with a retired word that cannot change, because they were written down outside the code."""

SAME_NAME = {
    "Answer": "of a reviewer; of a person whom a paused flow run asks",
    "Batches": "of images in a training; all batches, as the dashboard lists them",
    "Champion": "that the API serves; that pages show",
    "Contender": "one word, two tournaments: at the gates, and in compare-models",
    "Decision": "of the gates; what a row's outcome means for the person who uses it",
    "Difference": "that a rescore makes; that the page Compare shows",
    "Evidence": "for a promotion; for a proposed retraining",
    "Limits": "of an image's size; from when on a difference is drift",
    "Order": "of rows on one page; of predictions on another",
    "RunRecord": "of a training run, for MLflow; of a scoring run, in its receipt",
    "Service": "what answers one request; a process of the stack",
    "Status": "of a check; of a batch, as the dashboard lists it",
    "Verdict": "of the gates; of a day's drift",
}
"""Class names that occur twice, in modules that nobody uses together, and what they mean there.

A short name that its module explains is worth more than a long one. The list is not to grow: a new
class that would join it takes another name.
"""


def parsed(package: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(Path(package).rglob("*.py")):
        yield path, ast.parse(path.read_text())


def names_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and name of every variable, attribute of self, parameter, function and class."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.Attribute(attr=name, ctx=ast.Store(), value=ast.Name(id="self")):
                yield node.lineno, name
            case ast.alias(asname=str(name)):
                yield 0, name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield node.lineno, name


def words_of(name: str) -> str:
    """Put a name in lower case with its words apart: `RealWorldDir` becomes `_real_world_dir_`."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return f"_{apart.strip('_')}_"


def rows(text: str) -> list[list[str]]:
    """Return the cells of every table row, heads left out."""
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line] for line in lines]
    return [row for row in cells if not row[0].startswith("---") and row[-1] != "where"]


RETIRED_WORDS = [re.fullmatch(r"`(\w+)`", row[0])[1] for row in rows(RETIRED)[1:]]


@pytest.mark.parametrize("package", PACKAGES)
def test_names_say_what_things_are(package):
    violations = [
        f"{path}:{line} {name}"
        for path, tree in parsed(package)
        for line, name in names_in(tree)
        if name.strip("_") in SAY_NOTHING
    ]
    assert not violations, "\n".join(violations)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_name_has_a_retired_word(package):
    retired = re.compile(rf"_({'|'.join(RETIRED_WORDS)})s?_")
    violations = [
        f"{path}:{line} {name}"
        for path, tree in parsed(package)
        for line, name in [(0, path.stem), *names_in(tree)]
        if name not in STORED and retired.search(words_of(name))
    ]
    assert not violations, "\n".join(violations)


def test_a_class_name_means_one_thing():
    places = defaultdict(list)
    for package in PACKAGES:
        for path, tree in parsed(package):
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(f"{path}:{node.lineno}")
    several = {name: where for name, where in places.items() if len(where) > 1}
    assert not {name: where for name, where in several.items() if name not in SAME_NAME}
    assert not set(SAME_NAME) - set(several), "listed, and no longer there twice"
    assert not {name: where for name, where in several.items() if len(where) > 2}


def test_the_glossary_has_a_sentence_and_a_place_for_each_term():
    terms = rows(TERMS)
    assert len(terms) > 80
    for term, sentence, place in terms:
        assert term
        assert sentence.endswith("."), term
        assert re.search(r"`[\w./]+`", place), term
    names = [term for term, _, _ in terms]
    assert len(names) == len(set(names))


def test_the_test_knows_the_retired_words():
    assert {"reading", "doorbell", "distortion", "real_world", "harm"} <= set(RETIRED_WORDS)
    assert words_of("PipelineReading") == "_pipeline_reading_"
    assert words_of("_real_world") == "_real_world_"
    assert words_of("threading") == "_threading_"


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(rf"`((?:{'|'.join(PACKAGES)})\b[\w.]*)`", GLOSSARY)))
)
def test_what_the_glossary_names_exists(name):
    module, rest = module_of(name.split("."))
    tree = ast.parse(module.read_text())
    for part in rest:
        tree = member_of(tree, part)
        assert tree is not None, f"{module} has no {part}"


def module_of(parts: list[str]) -> tuple[Path, list[str]]:
    """Return the file that the longest beginning of a dotted path names, and what is left."""
    for length in range(len(parts), 0, -1):
        stem = Path(*parts[:length])
        for file in (stem.with_suffix(".py"), stem / "__init__.py"):
            if file.is_file():
                return file, parts[length:]
    raise AssertionError(f"no module is called {'.'.join(parts)}")


def member_of(tree: ast.AST, name: str) -> ast.AST | None:
    """Return what a module or class calls so: a function, a class, a constant or a field."""
    for node in getattr(tree, "body", []):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if node.name == name:
                return node
            case ast.AnnAssign(target=ast.Name(id=target)) if target == name:
                return node
            case ast.Assign(targets=[ast.Name(id=target)]) if target == name:
                return node
    return None
