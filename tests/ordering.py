"""The order of test files: what takes long begins first, so that no process waits at the end."""

from collections import defaultdict
from pathlib import Path

import pytest

_SLOW_SECONDS = 10


def seconds_of(item: pytest.Item) -> float:
    """Tell about how long a test, or its whole file, takes: what its mark `slow` says; else 0."""
    marks = item.iter_markers("slow")
    return max((mark.kwargs.get("seconds", _SLOW_SECONDS) for mark in marks), default=0)


def longest_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """Order files by their slowest test, then by how many they have; a file stays together."""
    files = defaultdict[Path, list[pytest.Item]](list)
    for item in items:
        files[item.path].append(item)
    ordered = sorted(files.values(), key=lambda tests: (-max(map(seconds_of, tests)), -len(tests)))
    return [item for tests in ordered for item in tests]
