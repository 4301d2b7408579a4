"""Values of several digits in the inbox: strips and fields of forms, on a real store."""

import io
import json
from datetime import UTC, datetime

import numpy as np
import pyarrow.csv
import pytest

from mnist.acceptance.choice import choose_thresholds
from mnist.acceptance.thresholds import JudgedPredictions, Promise
from mnist.digits import Outcome
from mnist.images import Decoded
from mnist.keys import current_key
from mnist.reviews.audits import audits_of
from mnist.storage.acceptance import AcceptanceEntry
from mnist.tables import PROBABILITY_COLUMNS
from tests.contract.test_pages import another, score
from tests.factories import SeveralModels, services_of
from tests.reviewing import review
from tests.sheets import layout, png_of, strip

FORM = layout(
    fields={
        "postcode": {"box": [0, 0, 0.5, 1], "digits": 3, "check": {"list": ["012", "340"]}},
        "amount": {"box": [0.5, 0, 1, 1], "digits": 3},
    }
)


def form(postcode, amount):
    """Draw a form of two fields side by side; a field of blanks is empty."""
    fields = (
        strip(text) if text else np.full_like(strip("000"), 255) for text in (postcode, amount)
    )
    return np.hstack(list(fields))


def rows_by_key(services, batch="b"):
    return {row["key"]: row for row in services.results.rows(batch).to_pylist()}


def test_a_value_keeps_its_leading_zero_and_its_digits_are_nested_in_its_row(
    services, inbox_bucket
):
    inbox_bucket.put("b/_LAYOUT.json", layout(digits=5))
    inbox_bucket.put("b/strip.png", png_of(strip("01482")))
    receipt = score(services)
    assert receipt.outcomes == {Outcome.SCORED: 1}
    row = rows_by_key(services)["b/strip.png"]
    assert (row["value"], row["outcome"], row["check"]) == ("01482", "scored", "none")
    assert 0 < row["value_confidence"] <= 1
    assert row["digit"] is row["confidence"] is row["margin"] is None
    assert all(row[name] is None for name in PROBABILITY_COLUMNS)
    assert [mark["digit"] for mark in row["marks"]] == [0, 1, 4, 8, 2]
    lefts = [mark["left"] for mark in row["marks"]]
    assert lefts == sorted(lefts)
    assert all(sum(mark["probabilities"]) == pytest.approx(1, abs=1e-3) for mark in row["marks"])
    assert score(another(services), "again") == receipt


def test_each_field_of_a_form_has_a_row_and_a_failed_check_is_for_review(services, inbox_bucket):
    inbox_bucket.put("b/_LAYOUT.json", FORM)
    inbox_bucket.put("b/right.png", png_of(form("012", "987")))
    inbox_bucket.put("b/wrong.png", png_of(form("013", "")))
    receipt = score(services)
    assert receipt.outcomes == {Outcome.SCORED: 3, Outcome.EMPTY: 1}
    rows = rows_by_key(services)
    assert {key: row["value"] for key, row in rows.items()} == {
        "b/right.png!postcode": "012",
        "b/right.png!amount": "987",
        "b/wrong.png!postcode": "013",
        "b/wrong.png!amount": None,
    }
    right, wrong = rows["b/right.png!postcode"], rows["b/wrong.png!postcode"]
    assert (right["check"], right["detail"]) == ("passed", None)
    assert (wrong["check"], wrong["accepted"]) == ("failed", False)
    assert "The check of the value 013 failed" in wrong["detail"]


def test_current_files_have_the_value_in_each_format(services, inbox_bucket):
    inbox_bucket.put("b/_LAYOUT.json", layout(digits=3))
    inbox_bucket.put("b/strip.png", png_of(strip("007")))
    score(services)
    services.current_rows.refresh("b")
    bucket = services.results_bucket
    lines = bucket.fetch(current_key("b", "jsonl")).decode().splitlines()
    (record,) = map(json.loads, lines)
    assert (record["value"], record["check"], record["digit"]) == ("007", "none", None)
    assert [mark["digit"] for mark in record["marks"]] == [0, 0, 7]
    content = io.BytesIO(bucket.fetch(current_key("b", "csv")))
    texts = pyarrow.csv.ConvertOptions(column_types={"value": "string"})
    csv = pyarrow.csv.read_csv(content, convert_options=texts).to_pylist()
    assert csv[0]["value"] == "007"
    assert [mark["digit"] for mark in json.loads(csv[0]["marks"])] == [0, 0, 7]


def test_a_template_is_no_picture_and_another_one_gives_other_versions(services, inbox_bucket):
    inbox_bucket.put("b/_LAYOUT.json", FORM)
    inbox_bucket.put("b/_TEMPLATE.png", png_of(form("", "")))
    inbox_bucket.put("b/right.png", png_of(form("012", "987")))
    first = score(services)
    assert first.listing.count == 2
    inbox_bucket.put("b/_TEMPLATE.png", png_of(form("", "")[:-1]))
    second = score(services, "second")
    assert second.listing.count == len(second.unlisted) == 2
    inbox_bucket.put("b/_TEMPLATE.png", b"no picture")
    third = score(services, "third")
    assert third.reasons == {"invalid-layout": 1}


def test_empty_places_are_not_scored_again_with_the_rejects(services, inbox_bucket):
    inbox_bucket.put("b/_LAYOUT.json", FORM)
    inbox_bucket.put("b/wrong.png", png_of(form("013", "")))
    inbox_bucket.put("b/text.png", b"text")
    score(services)
    again = score(services, "again", rejects_again=True)
    assert again.run.rows_written == 2
    assert again.outcomes == {Outcome.SCORED: 1, Outcome.EMPTY: 1, Outcome.REJECTED: 2}


def test_another_version_scores_places_again_by_the_layout_they_began_with(
    settings, inbox_bucket, tmp_path
):
    models = SeveralModels(tmp_path)
    models.champion_version = "2"  # which swaps 4 and 9
    services = services_of(settings, registry=models)
    inbox_bucket.put("b/_LAYOUT.json", FORM)
    inbox_bucket.put("b/right.png", png_of(form("340", "")))
    score(services)
    inbox_bucket.put("b/_LAYOUT.json", layout(digits=6))
    plan = services.rescoring.plan("2", "1", None)
    for chunk in services.rescoring.chunks(plan, "b", services.rescoring.missing(plan, "b")):
        services.rescoring.score(plan, chunk)
    difference = services.rescoring.difference(plan)
    assert (difference.compared, difference.gone, difference.changed) == (2, 0, 1)
    csv = pyarrow.csv.read_csv(io.BytesIO(services.results_bucket.fetch(difference.csv)))
    (row,) = csv.to_pylist()
    assert (row["key"], row["old_value"], row["new_value"]) == ("b/right.png!postcode", 390, 340)


def test_a_field_of_one_digit_is_a_digit_and_is_decoded_as_it_was_scored(services, inbox_bucket):
    inbox_bucket.put("b/_LAYOUT.json", layout(fields={"a": {"box": [0, 0, 1, 1], "digits": 1}}))
    inbox_bucket.put("b/form.png", png_of(strip("7")))
    score(services)
    row = rows_by_key(services)["b/form.png!a"]
    assert (row["digit"], row["value"], len(row["marks"])) == (7, "7", 1)
    decoded = services.inbox.decode(next(services.inbox.versions("b"))[0])
    assert isinstance(decoded, Decoded)
    outputs = services.registry.predictor(services.registry.champion()).outputs(
        decoded.pixels[None]
    )
    np.testing.assert_allclose(
        outputs.probabilities[0], [row[name] for name in PROBABILITY_COLUMNS], atol=1e-6
    )


def test_of_a_wrong_sum_no_field_is_accepted_however_few_digits_it_has(services, inbox_bucket):
    fields = {
        name: {"box": [at / 3, 0, (at + 1) / 3, 1], "digits": 1}
        for at, name in enumerate(("net", "tax"))
    }
    fields["total"] = {"box": [2 / 3, 0, 1, 1], "digits": 1, "check": {"sum": ["net", "tax"]}}
    inbox_bucket.put("b/_LAYOUT.json", layout(fields=fields))
    for name, digits in (("right", "347"), ("wrong", "348")):
        inbox_bucket.put(f"b/{name}.png", png_of(np.hstack([strip(digit) for digit in digits])))
    score(services)
    accepted = {key: row["accepted"] for key, row in rows_by_key(services).items()}
    assert [accepted[f"b/right.png!{name}"] for name in fields] == [True] * 3
    assert [accepted[f"b/wrong.png!{name}"] for name in fields] == [False] * 3


def test_values_are_accepted_by_their_own_threshold_and_the_receipt_says_so(services, inbox_bucket):
    inbox_bucket.put("b/_LAYOUT.json", layout(digits=3))
    inbox_bucket.put("b/strip.png", png_of(strip("007")))
    before = score(services)
    confidence = rows_by_key(services)["b/strip.png"]["value_confidence"]
    (record,) = before.acceptance
    assert record.value_threshold == 0.99
    assert "Values are accepted from 0.99 on. Nobody has audited values" in record.sentence
    assert rows_by_key(services)["b/strip.png"]["accepted"] == (confidence >= 0.99)
    audit_values(services, wrong=0)
    inbox_bucket.put("b/strip.png", png_of(strip("017")))
    proven = score(services, "proven")
    assert "Source b/: 0 of 1,879 audited wrong" in proven.acceptance[-1].sentence
    assert rows_by_key(services)["b/strip.png"]["accepted"]
    audit_values(services, wrong=300)
    inbox_bucket.put("b/strip.png", png_of(strip("027")))
    score(services, "broken")
    assert not rows_by_key(services)["b/strip.png"]["accepted"]


def audit_values(services, *, wrong, count=3_000):
    """Let what is known of values be that so many of the audited ones are wrong."""
    model = services.registry.champion()
    predictions = JudgedPredictions(
        "b/", np.linspace(0.2, 1, count), np.arange(count) >= count - wrong
    )
    chosen = choose_thresholds([predictions], Promise(0.002), cautious=0.99)
    services.acceptance.append(
        AcceptanceEntry(
            sequence=1, at=datetime.now(UTC), who="run", model=model.name, version=model.version,
            digest=model.digest, max_error_rate=0.002, assurance=0.95,
            thresholds=choose_thresholds([], Promise(0.002), cautious=0.99),
            value_thresholds=chosen, reasons=[],
        )
    )  # fmt: skip


def test_another_version_is_asked_about_an_audited_value_of_the_inbox(
    settings, inbox_bucket, tmp_path
):
    models = SeveralModels(tmp_path)
    models.champion_version = "2"  # which swaps 4 and 9
    services = services_of(settings, registry=models)
    inbox_bucket.put("b/_LAYOUT.json", layout(digits=3))
    inbox_bucket.put("b/strip.png", png_of(strip("340")))
    score(services)
    row = rows_by_key(services)["b/strip.png"]
    assert row["value"] == "390"
    place = {name: row[name] for name in ("key", "etag", "sha256")}
    predicted = {"read_value": "390", "confidence": 0.5, "model_version": "2"}
    blind = [
        review("", who, None, **place, size=row["bytes"], value="340", audit=True, **predicted)
        for who in ("ada", "bob")
    ]
    audits = audits_of(blind, 2)
    for version, is_wrong in (("2", True), ("1", False)):
        evidence, gone = services.accepting.evidence.of_values(models.version(version), audits)
        assert ([part.wrong.tolist() for part in evidence], gone) == ([[is_wrong]], 0)
    inbox_bucket.put("b/strip.png", png_of(strip("341")))
    services = another(services)
    assert services.accepting.evidence.of_values(models.version("1"), audits) == ([], 1)
