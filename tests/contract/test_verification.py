"""A receipt that was tampered with does not verify, and the report names the part."""

import pyarrow as pa
import pytest

from mnist.errors import InvalidBatch
from mnist.keys import part_key
from mnist.scoring.verification import find_problems
from mnist.storage.clients import control_client
from mnist.tables import ROWS, from_parquet, to_parquet
from tests.factories import png


@pytest.fixture
def scoring(services):
    return services.batch_scoring


@pytest.fixture
def scored(scoring, inbox_bucket):
    """Score a batch of 25 images, one of them bad, in three chunks."""
    for i in range(24):
        inbox_bucket.put(f"b/{i:02d}.png", png(i % 10))
    inbox_bucket.put("b/empty.png", b"")
    return scoring.run("b", "run").receipt


def problems(results) -> str:
    return " ".join(results.verify("b")[1])


def test_an_untouched_batch_verifies(results, scored):
    assert results.verify("b") == (scored, ())


def test_it_verifies_after_the_inbox_was_emptied(settings, results, scored, inbox_bucket):
    client = control_client(settings)
    for page in inbox_bucket.versions("b/"):
        for version in page:
            client.delete_object(Bucket=settings.inbox_bucket, Key=version.key)
    assert problems(results) == ""


def test_one_flipped_digit_is_found_and_the_part_named(results, scored, results_bucket):
    key = scored.parts[1].key
    rows = from_parquet(results_bucket.fetch(key)).to_pylist()
    rows[0]["digit"] = (rows[0]["digit"] + 1) % 10
    table = pa.Table.from_pylist(rows, schema=ROWS)
    results_bucket.put(key, to_parquet(table))
    assert f"Part {key} was changed" in problems(results)


def test_a_missing_part_is_named(settings, results, scored):
    key = scored.parts[0].key
    control_client(settings).delete_object(Bucket=settings.results_bucket, Key=key)
    found = problems(results)
    assert f"Part {key} is missing" in found
    assert "The rows are not those of the listing" in found


def test_rows_added_later_do_not_break_an_older_receipt(results, scored, results_bucket):
    content = results_bucket.fetch(scored.parts[0].key)
    results_bucket.put(part_key("b", "f" * 40), content)
    assert problems(results) == ""


def test_a_receipt_that_claims_more_than_there_is_does_not_hold(results, scored):
    outcomes = {name: count + 1 for name, count in scored.outcomes.items()}
    false = scored.model_copy(update={"outcomes": outcomes})
    found = " ".join(find_problems(false, list(results.parts("b"))))
    assert "The sums differ" in found
    assert "does not balance" in found


def test_a_batch_without_receipt_is_named(results):
    with pytest.raises(InvalidBatch, match="'never' has no receipt"):
        results.verify("never")
