"""The notification queue: each notice counts once, whoever sends it, and however often."""

import threading
import time
from collections import Counter

from mnist.storage.notifications import Notice
from watcher import notification_queue as module
from watcher.notification_queue import NotificationQueue


def notice(key: str, mark: str = "m") -> Notice:
    return Notice(key, mark)


def test_without_a_notice_nothing_is_named():
    assert NotificationQueue().wait(0) == Counter()


def test_notices_are_counted_by_batch_until_somebody_answers():
    queue = NotificationQueue()
    queue.put([notice("a/1.png"), notice("a/2.png")])
    queue.put([notice("b/_READY"), notice("loose.png")])
    assert queue.wait(5) == Counter({"a": 2, "b": 1, "_loose": 1})
    assert queue.wait(0) == Counter()


def test_a_notice_that_is_delivered_again_does_not_wake_again():
    queue = NotificationQueue()
    assert queue.put([notice("a/1.png")] * 3) == 1
    assert queue.wait(5) == Counter({"a": 1})
    assert queue.put([notice("a/1.png")]) == 0
    assert queue.wait(0) == Counter()
    assert queue.put([notice("a/1.png", "overwritten")]) == 1


def test_folder_markers_are_no_objects():
    queue = NotificationQueue()
    queue.put([notice("a/")])
    assert queue.wait(5) == Counter()


def test_what_it_remembers_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "_REMEMBERED", 2)
    queue = NotificationQueue()
    for i in range(4):
        queue.put([notice(f"a/{i}")])
    assert queue.put([notice("a/3")]) == 0
    assert queue.put([notice("a/0")]) == 1


def test_waking_ends_the_wait_without_a_notice():
    queue = NotificationQueue()
    threading.Timer(0.05, queue.wake).start()
    started = time.monotonic()
    assert queue.wait(60) == Counter()
    assert time.monotonic() - started < 30


def test_a_folder_being_filled_is_answered_once_it_pauses():
    queue = NotificationQueue()
    queue.put([notice("a/1")])
    threading.Timer(0.05, queue.put, [[notice("a/2")]]).start()
    assert queue.wait(60) == Counter({"a": 2})
