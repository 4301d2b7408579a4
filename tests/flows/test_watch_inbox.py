"""The sweep as a flow."""

import pytest

from flows.watch_inbox import watch_inbox
from tests.factories import png

pytestmark = pytest.mark.usefixtures("wired")


def test_every_batch_with_news_is_scored_and_a_bad_one_stops_nothing(inbox_bucket, results):
    inbox_bucket.drop("a/1.png", png(1))
    inbox_bucket.drop("bad/1.png", b"text")
    inbox_bucket.drop("z/1.png", png(2))
    inbox_bucket.drop("loose.png", png(3))
    outcome = watch_inbox()
    assert outcome["a"] == outcome["z"] == outcome["_loose"] == "complete"
    assert outcome["bad"].startswith("failed: Batch 'bad'")
    assert results.rows("_loose")["digit"].to_pylist() == [3]
    assert results.rows("bad")["outcome"].to_pylist() == ["rejected"]


def test_a_second_sweep_finds_nothing_new(inbox_bucket):
    inbox_bucket.drop("a/1.png", png(1))
    watch_inbox()
    assert watch_inbox() == {}
