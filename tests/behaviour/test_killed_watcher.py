"""The watcher process, killed in the middle of a batch, with everything around it real."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mnist.keys import listing_digest
from mnist.storage.results import Results
from tests.factories import png
from tests.watching import environment, wait_until, watcher  # noqa: F401 - the first is a fixture

IMAGES = 600


def more_than(parts: int, results: Results, log: Path) -> None:
    wait_until(lambda: len(results.part_keys("b")) > parts, log)


@pytest.mark.slow
def test_a_batch_whose_scorer_is_killed_twice_is_completed_with_no_key_twice(
    environment,  # noqa: F811
    inbox_bucket,
    results,
    tmp_path,
):
    log = tmp_path / "watcher.log"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: inbox_bucket.put(f"b/{i:05d}.png", png(i % 10)), range(IMAGES)))

    for _ in range(2):
        with watcher(environment, log) as process:
            more_than(len(results.part_keys("b")), results, log)
            process.send_signal(signal.SIGKILL)
            process.wait()

    before = set(results.part_keys("b"))
    assert results.receipts("b") == [], "killed too late to show anything"
    with watcher(environment, log):
        wait_until(lambda: bool(results.receipts("b")), log)

    (receipt,) = results.receipts("b")
    keys = results.rows("b")["key"].to_pylist()
    assert receipt.listing.count == IMAGES
    assert receipt.is_balanced
    assert len(keys) == len(set(keys)) == IMAGES
    assert receipt.listing.digest == listing_digest(results.rows("b")["identity"].to_pylist())
    assert receipt.run.rows_written < IMAGES
    assert before < set(results.part_keys("b"))
