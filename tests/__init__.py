"""Tests: behaviour, against real components.

This file is imported before anything else of the tests. It hides whatever stack the developer's
shell points at, because Prefect reads its settings once, when it is imported.
"""

import os
import sys

for _name in list(os.environ):
    _ours = _name.startswith("MNIST_") and _name != "MNIST_DATA_DIR"
    if _ours or _name.startswith(("AWS_", "MLFLOW_", "PREFECT_")):
        del os.environ[_name]

# Hundreds of processes import the same libraries: each would compile all of them anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
