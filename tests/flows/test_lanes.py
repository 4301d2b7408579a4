"""What takes long keeps nothing else waiting."""

import threading

from flows.support import lanes
from flows.support.lanes import Lanes
from tests.waiting import eventually


def test_only_a_few_begin_at_once_and_one_that_takes_long_gives_its_place_away(monkeypatch):
    monkeypatch.setattr(lanes, "_YOUNG_SECONDS", 0.2)
    ends, pool = threading.Event(), Lanes()
    while pool.has_room:
        pool.start(ends.wait, "long")
    assert pool._threads()
    eventually(lambda: pool.has_room, "the long ones keep their places")
    ends.set()
    pool.wait()
    assert pool._threads() == []


def test_there_is_an_end_to_how_many_take_long(monkeypatch):
    monkeypatch.setattr(lanes, "_YOUNG_SECONDS", 0)
    monkeypatch.setattr(lanes, "_MOST", 7)
    ends, pool = threading.Event(), Lanes()
    for _ in range(7):
        assert pool.has_room
        pool.start(ends.wait, "long")
    assert not pool.has_room
    ends.set()
    pool.wait()


def test_a_place_is_free_again_after_a_fault(monkeypatch):
    faults = []
    monkeypatch.setattr(threading, "excepthook", faults.append)

    def fault():
        raise ZeroDivisionError

    pool = Lanes()
    pool.start(fault, "faulty")
    pool.wait()
    assert pool.has_room
    assert [args.exc_type for args in faults] == [ZeroDivisionError]
