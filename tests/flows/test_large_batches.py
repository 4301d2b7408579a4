"""Large batches: processes beside, which make room, end when told to, and do not outlive us."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from flows.support import large_batches
from flows.support.large_batches import LargeBatches, slice_ends
from mnist.errors import BatchFailed, Unavailable
from tests.waiting import eventually


def say_who(batch: str, close: bool) -> dict[str, object]:  # noqa: FBT001 - as in production
    return {"batch": batch, "close": close, "process": os.getpid(), "nice": os.nice(0)}


def refuse(batch: str, close: bool) -> dict[str, object]:  # noqa: FBT001
    raise BatchFailed(f"Batch {batch!r} is refused")


def wait_for_an_end(batch: str, close: bool) -> dict[str, object]:  # noqa: FBT001
    Path(batch).touch()
    ends = slice_ends()
    while not ends():
        pass
    return {"verdict": "unfinished"}


def die(batch: str, close: bool) -> dict[str, object]:  # noqa: FBT001
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


@pytest.fixture
def large():
    made = []

    def make(work):
        made.append(LargeBatches(work))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_the_work_is_done_in_another_process_that_steps_back_and_is_kept(large):
    beside = large(say_who)
    first, second = beside.run("a", close=True), beside.run("b", close=False)
    assert first["process"] == second["process"] != os.getpid()
    assert first["nice"] > os.nice(0)
    assert (first["batch"], first["close"], second["close"]) == ("a", True, False)


def test_what_the_work_raises_comes_back_as_it_was(large):
    with pytest.raises(BatchFailed, match="Batch 'a' is refused"):
        large(refuse).run("a", close=True)


def test_a_process_that_dies_costs_its_batch_and_no_other(large):
    beside = large(die)
    with pytest.raises(Unavailable, match="process that worked on batch 'a' died"):
        beside.run("a", close=True)
    beside._work = say_who
    assert beside.run("b", close=True)["batch"] == "b"


def test_each_makes_room_only_while_others_wait(large, tmp_path, monkeypatch):
    monkeypatch.setattr(large_batches, "_AT_ONCE", 1)
    beside = large(wait_for_an_end)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(beside.run, str(tmp_path / "first"), close=True)
        eventually((tmp_path / "first").exists, "the first does not begin")
        assert not beside._others_wait.is_set()
        second = pool.submit(beside.run, str(tmp_path / "second"), close=True)
        eventually(beside._others_wait.is_set, "nobody says that others wait")
        beside._stopping.set()
        assert first.result()["verdict"] == second.result()["verdict"] == "unfinished"


def test_after_the_end_nothing_begins_and_nothing_fails(large):
    beside = large(say_who)
    beside.run("a", close=True)
    beside.close()
    assert beside.run("b", close=True) == {"batch": "b", "verdict": "unfinished"}


def test_here_nothing_ever_has_to_make_room():
    assert not slice_ends()()


def test_idle_processes_end(large, monkeypatch):
    beside = large(say_who)
    process = psutil.Process(int(str(beside.run("a", close=True)["process"])))
    beside.tick()
    assert process.is_running()
    monkeypatch.setattr(large_batches, "_IDLE_SECONDS", -1)
    beside.tick()
    process.wait(60)


@pytest.mark.slow
def test_they_do_not_outlive_a_parent_that_is_killed(tmp_path):
    script = (
        "from tests.flows.test_large_batches import *\n"
        "if __name__ == '__main__':\n"
        f"    LargeBatches(wait_for_an_end).run({str(tmp_path / 'begun')!r}, close=True)\n"
    )
    program = tmp_path / "parent.py"
    program.write_text(script)
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen([sys.executable, str(program)], env=environment) as parent:
        eventually((tmp_path / "begun").exists, "the work does not begin")
        children = psutil.Process(parent.pid).children(recursive=True)
        assert children
        parent.kill()
    psutil.wait_procs(children, 60)
    assert not any(child.is_running() for child in children)


def test_any_number_of_threads_may_ask(large):
    beside = large(say_who)
    barrier = threading.Barrier(6)

    def ask(number):
        barrier.wait()
        return beside.run(str(number), close=True)["batch"]

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(ask, range(6))) == [str(number) for number in range(6)]
