"""What starts with the stack loads what it needs: seconds of every start, megabytes ever after."""

import subprocess
import sys

import pytest

HEAVY = {"keras", "tensorflow", "mlflow", "matplotlib", "scipy.stats", "sklearn", "statsmodels"}


@pytest.mark.parametrize("process", ["api.application", "watcher.__main__", "infra.__main__"])
def test_a_process_that_trains_and_judges_nothing_loads_no_library_for_it(process):
    program = f"import sys, {process}; print(*{HEAVY} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == []
