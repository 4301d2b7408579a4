"""On which machines can requirements.lock be installed? `make platforms` asks the registry.

Resolved only, with wheels alone and without downloading them; what runs there is in
docs/platforms.md.
"""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import typer

PYTHONS = ("3.11", "3.12", "3.13")

_AT_ONCE = 4
_MACOS = "14.0"
"""The oldest macOS that onnxruntime has wheels for; uv's own default is older."""

_MISSING = re.compile(r"Because ([\w.-]+)==\S+ has no (?:usable )?wheels")


@dataclass(frozen=True)
class Platform:
    """A kind of machine.

    Attributes:
        name: What people call it.
        target: What uv calls it.
        must_resolve: Whether a lock that cannot be installed there is a fault.
    """

    name: str
    target: str
    must_resolve: bool = True


PLATFORMS = (
    Platform("Linux x86-64", "x86_64-manylinux_2_28"),
    Platform("Linux aarch64", "aarch64-manylinux_2_28"),
    Platform("macOS 14+ arm64", "aarch64-apple-darwin"),
    Platform("Windows x64", "x86_64-pc-windows-msvc"),
    Platform("macOS Intel", "x86_64-apple-darwin", must_resolve=False),
)


def problem_of(lock: Path, platform: Platform, python: str) -> str:
    """Say which package a platform has no wheel of; empty if the whole lock can be installed."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "compile", str(lock), "--no-deps", "--quiet"),
            *("--only-binary", ":all:", "--no-header", "--output-file", os.devnull),
            *("--python-platform", platform.target, "--python-version", python),
        ],
        env=os.environ | {"MACOSX_DEPLOYMENT_TARGET": _MACOS},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return ""
    missing = _MISSING.search(" ".join(done.stderr.split()))
    return f"no wheel of {missing[1]}" if missing else done.stderr.strip()


def table(problems: Sequence[Sequence[str]]) -> str:
    """Write what was found as Markdown: a row for each platform, a column for each Python."""
    lines = [
        "| machine | " + " | ".join(f"Python {python}" for python in PYTHONS) + " |",
        "|---" * (len(PYTHONS) + 1) + "|",
    ]
    for platform, row in zip(PLATFORMS, problems, strict=True):
        cells = " | ".join(problem or "yes" for problem in row)
        lines.append(f"| {platform.name} | {cells} |")
    return "\n".join(lines)


def main(lock: Path = Path("requirements.lock")) -> None:
    """Print the table; fail if the lock cannot be installed where it must."""
    pairs = [(platform, python) for platform in PLATFORMS for python in PYTHONS]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        problems = list(pool.map(lambda pair: problem_of(lock, *pair), pairs))
    width = len(PYTHONS)
    rows = [problems[start : start + width] for start in range(0, len(problems), width)]
    typer.echo(table(rows))
    failed = any(
        platform.must_resolve and any(row) for platform, row in zip(PLATFORMS, rows, strict=True)
    )
    raise typer.Exit(code=failed)


if __name__ == "__main__":
    typer.run(main)
