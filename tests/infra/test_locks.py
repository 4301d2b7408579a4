"""Stacks that start at once wait for each other, so that no two choose the same port."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra.locks import locked, one_start_at_a_time

_OTHER = """
import sys
from infra.locks import one_start_at_a_time
with one_start_at_a_time(lambda text: print(text, flush=True)):
    print("it is my turn", flush=True)
"""


def test_the_second_start_waits_and_says_so() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _OTHER], stdout=subprocess.PIPE, text=True
    ) as free:
        assert free.communicate()[0] == "it is my turn\n"
    with one_start_at_a_time(pytest.fail):
        other = subprocess.Popen([sys.executable, "-c", _OTHER], stdout=subprocess.PIPE, text=True)
        assert other.stdout is not None
        assert "another stack" in other.stdout.readline()
    with other:
        assert other.communicate()[0] == "it is my turn\n"


def test_a_start_that_was_killed_holds_up_nobody() -> None:
    holds = _OTHER.replace('print("it is my turn", flush=True)', "print(1, flush=True); input()")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", holds], **pipes) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"1\n"
        other.kill()
    with one_start_at_a_time(pytest.fail):
        pass


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="lock"), locked(tmp_path / "lock"):
        pass
    assert not (tmp_path / "elsewhere").exists()
