"""The loop that people come for: a label put right by the keyboard, and what learns from it."""

import hashlib
import json

import pytest
from playwright.sync_api import expect

from mnist import services
from mnist.data import training_data
from mnist.data.datasets import load_sklearn_digits
from mnist.operations.relabelling import Relabelling
from mnist.reviews.agreement import State, consensuses
from mnist.storage.audit import AuditLog
from mnist.storage.journal import Journal
from tests.dashboard.pages.test_decisions import refused
from tests.dashboard.pages.test_overview import record, two_champions
from tests.factories import OneModel, png, services_of

pytestmark = pytest.mark.browser


@pytest.fixture
def next_training(settings, inbox_bucket, tmp_path, monkeypatch):
    """What a retraining would learn from now."""
    bundled = load_sklearn_digits()
    monkeypatch.setattr(training_data, "load_dataset", lambda *_, **__: bundled)
    (tmp_path / "model").mkdir()
    model = OneModel(tmp_path / "model")

    def load():
        people = Relabelling(services_of(settings, registry=model))
        return training_data.load_training_data(None, 0, people.reviewed_labels())

    return load


def test_labels_given_by_the_keyboard_are_what_the_next_training_learns(
    visit, scorer, next_training
):
    content = png(7)
    scorer.bucket.put("scans/seven.png", content)
    scorer.score("scans")
    before = next_training()

    visit.log_in("ada")
    visit.open("review", batch="scans")
    expect(visit.metric("Waiting for you")).to_contain_text("1")
    visit.press("4", then="Recorded 4 for")  # a slip
    visit.press("z", then="Taken back: 4 for")
    visit.press("7", then="Recorded 7 for")
    expect(visit.tab.get_by_text("Nothing waits for a look here.")).to_be_visible()
    assert next_training().dataset.digest == before.dataset.digest  # one person is not enough

    visit.log_in("bob")
    visit.open("review", batch="scans")
    expect(visit.tab.get_by_text("a second look makes it a label")).to_be_visible()
    visit.press("7", then="Recorded 7 for")

    reviews = services.current().reviews.recorded()
    assert [(r.reviewer, r.answer) for r in sorted(reviews, key=lambda r: r.at)] == [
        ("ada", "4"),
        ("ada", None),
        ("ada", "7"),
        ("bob", "7"),
    ]
    agreed = consensuses(reviews, 2)[hashlib.sha256(content).hexdigest()]
    assert (agreed.state, agreed.answer) == (State.AGREED, "7")

    after = next_training()
    assert after.dataset.digest != before.dataset.digest
    assert after.reviewed.keys == ("scans/seven.png",)
    assert after.reviewed.by_reviewer == {"ada": 1, "bob": 1}
    assert visit.complaints == []
    assert visit.strangers == []


def test_a_rollback_is_confirmed_given_a_reason_and_started(visit, servers, results_bucket):
    servers.promote()
    two_champions(Journal(results_bucket))
    visit.log_in("ada")
    visit.open()
    visit.tab.get_by_text("Roll back from version 3 to version 2").click()
    visit.tab.get_by_label("Why?").fill("It confuses 4 and 9.")
    visit.tab.get_by_text("Make version 2 champion").click()
    visit.tab.get_by_role("button", name="Roll back", exact=True).click()
    expect(visit.tab.get_by_text("The rollback to version 2 has started")).to_be_visible()
    parameters = {"who": "ada", "why": "It confuses 4 and 9.", "to_version": "2"}
    assert servers.started == [("rollback/default", parameters)]
    (line,) = AuditLog(results_bucket).last(9)
    assert (line.who, line.why) == ("ada", "It confuses 4 and 9.")
    assert visit.complaints == []


@pytest.mark.slow
def test_a_selection_is_labelled_by_keys_and_each_label_can_be_seen_and_changed(
    visit, champion, scorer
):
    scorer.drop("scans", 20)
    scorer.score("scans")
    visit.log_in("ada")
    visit.open("batches", batch="scans", digit="7")
    visit.tab.get_by_role("button", name="Review this selection").click()
    expect(visit.tab.get_by_text("2 images, 0 done")).to_be_visible()
    visit.press("1", then="2 images, 1 done")
    visit.press("7", then="2 images, 2 done")
    visit.tab.get_by_role("link", name="Labels").click()
    tiles = visit.tab.locator(".tile")
    expect(tiles).to_have_count(2)
    visit.tab.get_by_role("button", name="1 (yours)").click()
    visit.press("7", then="Recorded 7 for")
    expect(visit.tab.get_by_role("button", name="7 (yours)")).to_have_count(2)
    assert visit.complaints == []


@pytest.mark.slow
def test_a_refused_version_is_promoted_beside_its_gates(visit, servers, results_bucket, scorer):
    values = refused()
    servers.promote()
    servers.register("4", {"decision.json": json.dumps(values).encode()}, recipe="demo")
    changes = {"from_version": "3", "verdict": values["verdict"]}
    record(Journal(results_bucket), 2, "4", "refused", **changes)
    scorer.drop("scans", 10)
    scorer.score("scans")
    visit.log_in("ada")
    visit.open("decisions", version="4")
    expect(visit.tab.get_by_role("heading", level=1)).to_have_text("Decisions · 2, version 4")
    expect(visit.tab.locator(".tile img").first).to_be_visible()
    visit.tab.get_by_text("Promote a version").click()
    form = visit.tab.get_by_test_id("stForm").filter(has_text="on your word")
    form.get_by_label("Why?").fill("Looked at all 40.")
    form.get_by_text("Make it champion").click()
    form.get_by_role("button", name="Promote").click()
    expect(visit.tab.get_by_text("The promotion is under way")).to_be_visible()
    assert [name for name, _ in servers.started] == ["promote/default"]
    assert visit.complaints == []
