"""What README.md prints under "Use it" and after works as printed, line by line, in that order."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.environment import for_processes
from infra.stack import Stack

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()

pytestmark = [pytest.mark.slow(seconds=300), pytest.mark.timeout(2_400)]


def printed() -> list[tuple[str, str]]:
    """List language and content of each block; a block of commands gives each line by itself."""
    text = README.partition("\n## Use it\n")[2]
    commands = []
    for language, block in re.findall(r"```(sh|python)\n(.*?)```", text, flags=re.DOTALL):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        commands += [("sh", line) for line in lines] if language == "sh" else [("python", block)]
    return commands


@pytest.fixture(scope="module")
def after_the_demo() -> Iterator[Path]:
    """A folder like a checkout in which `make demo` has been run."""
    if not os.environ.get("MNIST_DATA_DIR"):
        pytest.skip("MNIST_DATA_DIR does not name a folder with MNIST's four .gz files")
    with tempfile.TemporaryDirectory(dir="/tmp") as name:  # pytest's is too long for a socket
        folder = Path(name).resolve()
        (folder / "examples").symlink_to(ROOT / "examples")
        stack = Stack(ROOT, folder / ".local")
        try:
            environment = for_processes(stack.up())
            subprocess.run(
                [sys.executable, "-m", "infra.demo"], cwd=ROOT, env=environment, check=True
            )
            yield folder
        finally:
            stack.down()


def test_there_are_commands_to_run() -> None:
    assert len(printed()) >= 13
    assert printed()[0][1].startswith(". .local/env")


def test_every_printed_line_works_in_its_order(after_the_demo: Path) -> None:
    said = {}
    for language, content in printed():
        script = f"python - <<'END'\n{content}\nEND" if language == "python" else content
        done = subprocess.run(
            ["/bin/sh", "-c", f". .local/env; {script}"],
            cwd=after_the_demo,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        said[content] = done.stdout
        assert done.returncode == 0, f"{content}\n{done.stdout}\n{done.stderr}"
        if "--watch" in content:
            assert "finished successfully in 'Completed'" in done.stdout
    (answer,) = [said[content] for content in said if content.startswith("curl")]
    assert answer.startswith('{"prediction":7,')
