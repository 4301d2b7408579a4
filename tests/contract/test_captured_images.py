"""A captured image goes the way of every other image: row, receipt, audit, review, drift."""

import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from dashboard.pages.review.queries import queue_predictions, work_of
from mnist.acceptance.sources import source_of
from mnist.captured import CapturedFolder
from mnist.keys import current_key
from mnist.operations.monitoring import Monitoring
from mnist.reviews.agreement import consensuses
from mnist.tables import from_parquet
from tests.factories import SeveralModels, digit_images, png
from tests.reviewing import review
from tests.served import served
from tests.sheets import layout, png_of, sheet

YES = {"X-Capture-Consent": "yes"}


@pytest.fixture
def ask(services, inbox_bucket):
    """Send images with consent; answers come once all of them lie in the inbox."""

    def send(*contents, registry=None, files=None, **request):
        with served(
            registry or services.registry, services.acceptance, inbox_bucket, api_capture="consent"
        ) as client:
            return [
                client.post(
                    "/predict", files={"file": one, **(files or {})}, headers=YES, **request
                ).json()
                for one in contents
            ]

    return send


def captured_batches(services):
    return [name for name in services.inbox.batches() if CapturedFolder.of(name)]


def score(services, run="run"):
    (batch,) = captured_batches(services)
    receipt = services.batch_scoring.run(batch, run).receipt
    return batch, receipt, services.results.rows(batch).to_pylist()


def test_its_row_has_the_identifier_and_the_answer_of_the_api(services, ask):
    answers = {answer["id"]: answer for answer in ask(png(7), png(4), png(0, mark=9))}
    batch, receipt, _ = score(services)
    current = from_parquet(services.results_bucket.fetch(current_key(batch, "parquet"))).to_pylist()
    assert len(current) == 3
    for row in current:
        metadata = json.loads(row["metadata"])
        answer = answers[metadata["api-id"]]
        assert row["key"] == f"{batch}/{answer['id']}.png"
        assert row["digit"] == answer["prediction"] == int(metadata["api-prediction"])
        assert row["accepted"] is (not answer["review"]) is (metadata["api-accepted"] == "true")
        assert row["sha256"] == metadata["api-sha256"]
    assert (receipt.captured_answers.compared, receipt.captured_answers.different) == (3, 0)
    assert services.results.verify(batch)[1] == ()


def test_where_another_version_became_champion_the_receipt_counts_other_answers(
    services, ask, tmp_path
):
    services.registry = registry = SeveralModels(tmp_path)
    ask(png(4), png(9), png(1), registry=registry)
    registry.champion_version = "2"
    _, receipt, rows = score(services)
    assert {row["model_version"] for row in rows} == {"2"}
    assert (receipt.captured_answers.compared, receipt.captured_answers.different) == (3, 2)
    assert "2 of its answers differ" in receipt.markdown()


def test_answers_for_images_that_were_removed_are_not_counted(services, ask, inbox_bucket):
    ask(png(4), png(9))
    batch, _, rows = score(services)
    inbox_bucket.delete(rows[0]["key"])
    ask(png(1))
    receipt = services.batch_scoring.run(batch, "later").receipt
    assert receipt.listing.count == receipt.captured_answers.compared == 2


def test_other_batches_have_no_such_count_whatever_people_write_beside_images(
    services, inbox_bucket
):
    inbox_bucket.upload("b/1.png", io.BytesIO(png(1)), "image/png", {"api-prediction": "9"})
    receipt = services.batch_scoring.run("b", "run").receipt
    assert receipt.captured_answers is None


@pytest.mark.parametrize("metadata", [{}, {"api-prediction": "x"}, {"api-values": "[1]"}])
def test_metadata_that_somebody_has_spoilt_stops_nothing(services, ask, inbox_bucket, metadata):
    ask(png(1))
    (batch,) = captured_batches(services)
    inbox_bucket.upload(f"{batch}/x.png", io.BytesIO(png(2)), "image/png", metadata)
    _, receipt, _ = score(services)
    assert receipt.verdict == "complete"
    assert receipt.captured_answers.compared >= 1


def test_each_place_of_a_captured_sheet_is_as_the_api_answered(services, ask):
    text = layout(grid=[2, 3]).decode()
    (answer,) = ask(png_of(sheet([[1, None, 3], [4, 5, 6]])), data={"layout": text})
    batch, receipt, rows = score(services)
    by_place = {row["key"].partition("!")[2]: row for row in rows}
    assert [*by_place] == [place["place"] for place in answer["places"]]
    for place in answer["places"]:
        assert by_place[place["place"]]["outcome"] == place["outcome"]
        assert by_place[place["place"]]["value"] == place.get("value")
    assert (receipt.captured_answers.compared, receipt.captured_answers.different) == (6, 0)
    assert batch.endswith(answer["layout_digest"][:8])


def test_a_captured_form_is_cut_by_the_template_that_came_with_it(services, ask):
    form = Path("examples/form")
    names = {"layout": "_LAYOUT.json", "template": "_TEMPLATE.png"}
    with_form = {name: (form / file).read_bytes() for name, file in names.items()}
    (answer,) = ask((form / "filled-1.jpg").read_bytes(), files=with_form)
    _, receipt, rows = score(services)
    assert len(rows) == len(answer["places"]) > 1
    values = {row["key"].partition("!")[2]: row["value"] for row in rows}
    assert values == {place["place"]: place.get("value") for place in answer["places"]}
    assert receipt.captured_answers.different == 0
    assert receipt.listing.count == len(rows)


def test_doubted_ones_are_in_the_review_queue_and_accepted_ones_are_audited(services, ask):
    services.acceptance.cautious = 0.99
    answers = ask(*map(png, range(5)), *(between(digit, digit + 1) for digit in range(5, 9)))
    batch, _, _ = score(services)
    doubted = {answer["id"] for answer in answers if answer["review"]}
    accepted = {answer["id"] for answer in answers} - doubted
    assert doubted
    assert accepted
    queued = queue_predictions(services.results, batch)
    assert {name_of(version) for version in queued.doubtful.versions} >= doubted
    work = work_of("ada", [], 2, queued, None)
    assert {name_of(ticket.version) for ticket in work.tickets} >= doubted
    audited = queue_predictions(services.results, batch, audit_share=1.0).audited
    assert accepted <= {name_of(version) for version in audited.versions}


def between(one, other):
    """Encode an image that is as much like one digit as like another."""
    mean = digit_images(np.array([one, other])).mean(axis=0).astype(np.uint8)
    return cv2.imencode(".png", mean)[1].tobytes()


def name_of(version):
    return version.key.rpartition("/")[2].partition(".")[0]


def test_audits_of_all_hours_are_evidence_about_one_source(services, ask):
    ask(png(7))
    batch, _, rows = score(services)
    earlier = CapturedFolder.of(batch).begins - timedelta(hours=3)
    other = f"api-default-{earlier:%Y%m%dT%H}"
    audits = [
        review(
            f"v{number}", "ada", "7", key=f"{name}/{number}.png", read_as=7,
            model_version=rows[0]["model_version"], confidence=0.9, audit=True,
        )
        for number, name in enumerate([batch, other, batch, other])
    ]  # fmt: skip
    images = list(consensuses(audits, 1).values())
    assert {source_of(image.versions[0].key.partition("/")[0], None) for image in images} == {
        "api-default-"
    }
    assert source_of(batch, "api-") == "api-"
    assert source_of("api-default-someday", None) == "api-default-someday/"


def test_drift_looks_at_them(services, ask):
    ask(png(7), png(1))
    batch, _, _ = score(services)
    today = datetime.now(UTC).date()
    rows = Monitoring(services).rows(date.fromordinal(today.toordinal() - 1), 3)
    assert rows[batch].num_rows == 2
