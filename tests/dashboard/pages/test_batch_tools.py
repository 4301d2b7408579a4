"""What can be done with a batch: take its images along, prove its receipt, score rejects again."""

import io
import zipfile

import pytest

from dashboard.access.actions import score_rejects_again, verify_receipt
from dashboard.access.people import Person, Role
from dashboard.components.batch_list import all_batches
from dashboard.pages.batches import queries
from dashboard.pages.batches.queries import as_zip, first_within_bounds
from dashboard.pages.review.queued import queue_predictions
from mnist.errors import AccessDenied
from mnist.keys import ObjectVersion
from mnist.orchestrator import PrefectApi
from mnist.reviews.queue import new_tickets
from mnist.storage.audit import AuditLog
from mnist.storage.verifications import VerificationLog
from tests.dashboard.many_rows import write_batch
from tests.factories import png, version

pytestmark = pytest.mark.usefixtures("environment")


def unpacked(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive_file:
        return {name: archive_file.read(name) for name in archive_file.namelist()}


def test_an_archive_holds_the_images_under_harmless_names(inbox, inbox_bucket):
    inbox_bucket.put("b/7.png", png(7))
    inbox_bucket.put("b/..%2F..\\evil name|.png", png(8))
    versions = sorted(v for page in inbox.versions("b") for v in page)
    gone = ObjectVersion("b/gone.png", "e", 10)
    files = unpacked(as_zip(inbox, [*versions, gone]))
    assert set(files.values()) >= {png(7), png(8)}
    assert all(set(name) <= set("0123456789abcdefghijklmnopqrstuvwxyz._-2F") for name in files)
    assert "gone\t'b/gone.png'" in files["names.tsv"].decode()


def test_an_archive_has_bounds(monkeypatch):
    many = [version(f"b/{i}.png", size=10) for i in range(50)]
    monkeypatch.setattr(queries, "MAX_IMAGES", 20)
    assert len(first_within_bounds(many)) == 20
    monkeypatch.setattr(queries, "MAX_BYTES", 95)
    assert len(first_within_bounds(many)) == 9
    assert first_within_bounds([]) == []


def proof(page):
    """What the list says of the first batch's receipt."""
    return page.app.dataframe[0].value["proof"][0]


def test_a_receipt_is_proven_from_the_page_and_a_change_is_found(
    batches, scorer, results_bucket, dashboard
):
    scorer.drop("scans", 12)
    receipt = scorer.score("scans")
    page = batches.by().open(batch="scans")
    assert proof(page) == "not yet"
    page.app.button(key="verify").click().run()
    assert "The receipt holds: 2 parts" in page.checked().app.success[0].value
    assert proof(page) == "verified"
    part = receipt.parts[0].key
    results_bucket.put(part, results_bucket.fetch(receipt.parts[1].key))
    page.app.button(key="verify").click().run()
    assert f"Part {part} was changed" in page.checked().words
    assert proof(page) == "does not hold"
    (verification,) = VerificationLog(results_bucket).latest().values()
    assert (verification.batch, verification.who) == ("scans", "ada")
    assert f"Part {part} was changed" in verification.problems[0]

    scorer.drop("scans", 13)
    scorer.score("scans", "run-2")  # nobody has looked at this receipt
    dashboard()  # as a dashboard that has forgotten what it read seconds ago
    assert proof(page.open(batch="scans")) == "not yet"


def test_a_viewer_is_offered_no_verification_and_records_none(batches, scorer, results_bucket):
    scorer.drop("scans", 2)
    receipt = scorer.score("scans")
    eve = Person("eve", Role.VIEWER)
    page = batches.by(eve.name, eve.role).open(batch="scans")
    assert "Verify the receipt" not in [button.label for button in page.app.button]
    log = VerificationLog(results_bucket)
    with pytest.raises(AccessDenied, match="may not verify receipts"):
        verify_receipt(scorer.results, log, eve, receipt)
    assert log.latest() == {}


def test_rejects_are_scored_again_by_an_editor(batches, scorer, servers, results_bucket):
    scorer.drop("scans", 5)
    scorer.drop_rejects("scans")
    scorer.score("scans")
    page = batches.by("ada").open(batch="scans")
    page.app.text_input(key="rejects-why").set_value("The decoder was mended.")
    (again,) = [b for b in page.app.button if b.label == "Score rejects again"]
    again.click().run()
    assert "A run has started." in page.checked().app.success[0].value
    parameters = {"batch": "scans", "rejects_again": True}
    assert servers.started == [("score-batch/default", parameters)]
    (line,) = AuditLog(results_bucket).last(9)
    assert (line.who, line.subject, line.why) == ("ada", "batch scans", "The decoder was mended.")

    page = batches.by("eve", Role.VIEWER).open(batch="scans")
    assert "Score rejects again" not in [button.label for button in page.app.button]


def test_a_viewer_cannot_have_rejects_scored_again(servers, results_bucket):
    prefect, audit = PrefectApi(f"{servers.url}/api"), AuditLog(results_bucket)
    with pytest.raises(AccessDenied):
        score_rejects_again(prefect, audit, Person("eve", Role.VIEWER), "scans", "")
    assert servers.started == []
    assert audit.last(9) == []


def test_the_list_says_how_fast_a_batch_was(scorer, inbox, results, results_bucket):
    verifications = VerificationLog(results_bucket)
    scorer.drop("scans", 5)
    receipt = scorer.score("scans")
    seconds = (receipt.run.finished_at - receipt.run.started_at).total_seconds()
    table = all_batches(inbox, results, verifications).table
    assert table["per_second"].tolist() == [pytest.approx(5 / seconds)]


def test_a_batch_of_100_000_is_paged_and_its_queue_is_short(batches, review, inbox_bucket, results):
    write_batch(results, "many", 100_000)
    inbox_bucket.put("many/000000.png", png(0))
    page = batches.by().open(batch="many")
    assert "100,000 of 100,000 images" in page.words
    assert len(page.tiles) == 48
    predictions = queue_predictions(results, "many").doubtful
    assert len(predictions.versions) == 5_000
    tickets = new_tickets(predictions, {}, None, 200)
    assert len(tickets) == 200
    assert {ticket.read_as for ticket in tickets} == {3}  # the doubtful ones are not lost
    assert review.by().open(batch="many").numbers["Waiting for you"] == "200"
