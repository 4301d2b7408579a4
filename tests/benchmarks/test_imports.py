"""Nobody runs benchmarks daily; what they import must be there all the same."""

import subprocess
import sys
from pathlib import Path

import pytest

APART = {"scoring_ray"}
"""Started by a Python of its own, `make benchmark-ray`."""

MODULES = {file.stem for file in Path("benchmarks").glob("*.py")} - APART - {"__init__"}


@pytest.mark.slow
def test_every_benchmark_finds_what_it_imports():
    program = "\n".join(f"import benchmarks.{module}" for module in sorted(MODULES))
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2_000:]
