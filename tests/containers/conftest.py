"""The compose file, built and started for real."""

import os
import re
import resource
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.compose import Containers, podman

ROOT = Path(__file__).parents[2]
_IMAGE = "localhost/handwritten-digits:test"
PUBLIC = {
    "PREFECT_UI_URL": "https://flows.example.com",
    "MNIST_MLFLOW_PUBLIC_URL": "https://models.example.com",
}
_IMAGES = ("PYTHON_IMAGE", "POSTGRES_IMAGE")


def pytest_runtest_setup() -> None:
    """Skip, saying why, where this cannot or should not run."""
    if "CONTAINERS" not in os.environ:
        pytest.skip("builds an image of 3 GB: `make containers` runs it")
    if shutil.which("podman") is None:
        pytest.skip("podman is not installed: apt-get install podman")
    if not os.environ.get("MNIST_DATA_DIR"):
        pytest.skip("MNIST_DATA_DIR does not name a folder with MNIST's four .gz files")


def secret_variables() -> dict[str, str]:
    """Make a value for everything that must be filled in in a copy of compose.env.example."""
    example = (ROOT / "infra" / "compose.env.example").read_text()
    names = re.findall(r"^([A-Z_]+)=$", example, flags=re.MULTILINE)
    made = {name: secrets.token_hex(32) for name in names}
    made |= {n: secrets.token_hex(10).upper() for n in names if n.endswith("ACCESS_KEY_ID")}
    return made | {"PREFECT_API_AUTH_STRING": f"admin:{secrets.token_hex(32)}"}


def build(base: str | None) -> None:
    """Build the project's image; what has not changed since is taken from the engine's cache."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    arguments = ["--build-arg", f"BASE={base}"] if base else []
    arguments += ["--network=host", f"--ulimit=nofile={files}:{files}", "--tag", _IMAGE]
    podman("build", *arguments, "--file", str(ROOT / "infra" / "Dockerfile"), str(ROOT))


@pytest.fixture(scope="session")
def variables() -> dict[str, str]:
    """What stands in compose.env."""
    named = {name: os.environ[name] for name in _IMAGES if os.environ.get(name)}
    folder = {"MNIST_DATA_DIR": str(Path(os.environ["MNIST_DATA_DIR"]).resolve())}
    return secret_variables() | named | folder | PUBLIC


@pytest.fixture(scope="session")
def containers(variables: dict[str, str]) -> Iterator[Containers]:
    """Every service of the compose file, healthy."""
    build(variables.get("PYTHON_IMAGE"))
    project = f"digits-{secrets.token_hex(4)}"
    started = Containers(ROOT / "infra" / "compose.yaml", project, variables, _IMAGE)
    try:
        started.up()
        yield started
    finally:
        started.down()
        assert not podman("ps", "--all", "--quiet", "--filter", f"name={project}").strip()
