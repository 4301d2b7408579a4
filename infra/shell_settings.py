"""What becomes of settings in the shell of whoever starts the stack."""

import os
from collections.abc import Iterator, Mapping

_TAKEN_OVER = "MNIST_DATA_DIR"

_SETTINGS = ("MNIST_", "DASHBOARD_", "STREAMLIT_")
"""Beginnings of variables that people set and expect to count."""


def differences(variables: Mapping[str, str], kept: Mapping[str, str]) -> Iterator[str]:
    """Say which of the caller's settings are now in the file, and which are not used."""
    now = variables.get(_TAKEN_OVER)
    if now != kept.get(_TAKEN_OVER):
        yield f"{_TAKEN_OVER} is {now or 'not set any more'}, as in this shell; .local/env says so"
    for name in sorted(os.environ):
        if not name.startswith(_SETTINGS) or name == _TAKEN_OVER:
            continue
        if os.environ[name] != variables.get(name):
            yield f"{name} of this shell is not used; what counts is .local/env"
