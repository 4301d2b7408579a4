"""Looking back on a day: references, findings, and who is believed about a retraining."""

import hashlib
from datetime import UTC, date, datetime, timedelta

import pytest

from mnist.keys import REFERENCES
from mnist.monitoring.drift import Verdict
from mnist.monitoring.report import verdict_of_day
from mnist.monitoring.retraining_need import Evidence, Guard, reason_to_retrain
from mnist.storage.journal import Journal, JournalEntry
from tests.daily_rows import people, record
from tests.factories import InMemory
from tests.journals import canary_terms
from tests.reviewing import review

TODAY = date(2026, 11, 20)
YESTERDAY = TODAY - timedelta(days=1)
NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)


@pytest.fixture
def parts():
    return InMemory(retrain_least_labels=3)


@pytest.fixture
def bucket(parts):
    return parts.results_bucket


@pytest.fixture
def results(parts):
    return parts.results


@pytest.fixture
def log(parts):
    return parts.monitoring_log


@pytest.fixture
def monitoring(parts):
    return parts.monitoring


def find(monitoring, day=TODAY):
    reference = monitoring.reference(day, renew=False)
    findings = monitoring.compare(day, reference)
    monitoring.record(findings, f"run of {day}")
    return findings


def test_a_day_is_compared_with_the_weeks_before_it(monitoring, results):
    record(results, "old", YESTERDAY, people(600, 1))
    record(results, "new", TODAY, people(300, 2))
    record(results, "tomorrow", TODAY + timedelta(days=1), people(50, 3))
    findings = find(monitoring)
    assert findings.verdict is Verdict.STEADY
    assert set(findings.by_batch) == {"", "new"}
    assert findings.rows.num_rows == 300
    assert findings.by_batch[""].reference_rows == 600


def test_a_batch_that_spans_two_days_counts_for_each_with_its_own_rows(monitoring, results):
    record(results, "long", YESTERDAY, people(600, 1))
    record(results, "long", TODAY, people(200, 2))
    assert find(monitoring).rows.num_rows == 200


def test_one_bad_batch_is_named_though_the_day_as_a_whole_is_steady(monitoring, results):
    record(results, "old", YESTERDAY, people(2_000, 1))
    record(results, "good", TODAY, people(1_900, 2))
    record(results, "dark", TODAY, people(100, 3, brightness=lambda level: level - 60))
    findings = find(monitoring)
    assert findings.verdict is Verdict.STEADY
    assert findings.by_batch["dark"].verdict is Verdict.SCANNER_CHANGED
    assert "| dark | scanner-changed |" in findings.markdown


def test_what_was_found_can_be_read_again(monitoring, results, log):
    record(results, "old", YESTERDAY, people(600, 1))
    record(results, "new", TODAY, people(600, 2, ink=lambda ink: ink * 1.6))
    find(monitoring)
    report = log.latest_report()
    assert verdict_of_day(report) == (TODAY, Verdict.WRITING_CHANGED)
    moved = {row["measure"] for row in report.to_pylist() if row["has_moved"]}
    assert moved == {"ink"}


def test_a_day_without_rows_and_one_without_a_reference_say_so(monitoring, results):
    assert find(monitoring).verdict is Verdict.TOO_FEW
    record(results, "new", TODAY, people(499, 2))
    findings = find(monitoring)
    assert findings.verdict is Verdict.TOO_FEW
    assert findings.by_batch[""].rows == 499


def test_the_reference_stays_so_that_slow_change_adds_up(monitoring, results, bucket):
    record(results, "old", YESTERDAY, people(600, 1))
    find(monitoring)
    for day in range(1, 4):
        changed = people(600, day, ink=lambda ink, by=day: ink * (1 + 0.15 * by))
        record(results, f"day {day}", TODAY + timedelta(days=day), changed)
    last = find(monitoring, TODAY + timedelta(days=3))
    assert last.verdict is Verdict.WRITING_CHANGED
    assert last.by_batch[""].reference_rows == 600
    renewed = monitoring.reference(TODAY + timedelta(days=4), renew=True)
    assert renewed.num_rows == 2_400


def test_after_a_promotion_a_steady_day_becomes_the_reference(monitoring, results, bucket):
    record(results, "old", YESTERDAY, people(600, 1))
    reference = monitoring.reference(TODAY, renew=False)
    record(results, "new", TODAY, people(600, 2, model_digest=lambda _: ["another"] * 600))
    findings = monitoring.compare(TODAY, reference)
    key = monitoring.follow_champion(findings, reference)
    assert key == f"{REFERENCES}2026-11-21.parquet"
    assert set(monitoring.reference(TODAY, renew=False)["model_digest"].to_pylist()) == {"another"}
    assert monitoring.follow_champion(findings, findings.rows) is None


def test_rows_from_before_the_columns_existed_are_no_obstacle(monitoring, results):
    record(results, "old", YESTERDAY, people(600, 1).drop_columns(["ink", "width"]))
    record(results, "new", TODAY, people(300, 2).drop_columns(["ink", "width"]))
    assert find(monitoring).verdict is Verdict.STEADY


@pytest.mark.parametrize(
    ("hours", "labels", "changed", "expected", "says"),
    [
        (None, 200, False, True, "200 new labels"),
        (None, 199, False, False, "Not enough evidence"),
        (None, 0, True, True, "the writing has changed"),
        (47.9, 5_000, True, False, "Too soon"),
        (48, 200, False, True, "Retraining"),
    ],
)
def test_a_retraining_needs_evidence_and_a_pause(hours, labels, changed, expected, says):
    last = None if hours is None else NOW - timedelta(hours=hours)
    guard = Guard(least_labels=200, least_interval=timedelta(hours=48))
    answer, why = reason_to_retrain(Evidence(NOW, last, labels, changed), guard)
    assert answer is expected
    assert says in why


@pytest.fixture
def proposals(parts):
    return parts.proposals


def decide(bucket, at, action="refused", verdict="worse", canary=None):
    Journal(bucket).append(
        lambda number, _: JournalEntry(
            sequence=number, at=at, who="w", action=action,
            model="digits", from_version="1", to_version="2", verdict=verdict, reasons=[],
            policy_version="1", evidence_url="", images_digest="", canary=canary,
        )
    )  # fmt: skip


def test_labels_since_the_last_decision_are_counted_by_image(parts, proposals, bucket):
    decide(bucket, NOW - timedelta(days=9))
    log = parts.reviews
    for image in ("one", "two"):
        for who in ("ada", "bob"):
            log.append(review(image, who, "3"))
    log.append(review("not", "ada", "not-a-digit"))
    assert proposals.judge(NOW)[0] is False
    log.append(review("three", "ada", "3"))
    assert proposals.judge(NOW) == (
        True,
        "Retraining: 3 new labels (at least 3), the writing is as before.",
    )


def test_labels_from_before_the_last_decision_are_spent(parts, proposals, bucket):
    old = NOW - timedelta(days=20)
    for image in ("one", "two", "three"):
        digest = hashlib.sha256(image.encode()).hexdigest()
        parts.reviews.append(review(image, "ada", "3", at=old, sha256=digest))
    decide(bucket, NOW - timedelta(days=9))
    assert proposals.judge(NOW)[0] is False


def test_labels_that_a_training_did_not_use_because_it_was_not_made_are_not_spent(
    parts, proposals, bucket
):
    old = NOW - timedelta(days=20)
    for image in ("one", "two", "three"):
        digest = hashlib.sha256(image.encode()).hexdigest()
        parts.reviews.append(review(image, "ada", "3", at=old, sha256=digest))
    decide(bucket, NOW - timedelta(days=9), "nothing-new")
    assert proposals.judge(NOW)[0] is True
    assert proposals.judge(NOW - timedelta(days=8))[0] is False, "not at once again"


def test_nothing_is_proposed_during_a_canary_and_its_end_spends_no_labels(parts, proposals, bucket):
    decide(bucket, NOW - timedelta(days=9), "canary", "better", canary_terms())
    for image in ("one", "two", "three"):
        digest = hashlib.sha256(image.encode()).hexdigest()
        at = NOW - timedelta(days=8)
        parts.reviews.append(review(image, "ada", "3", at=at, sha256=digest))
    assert proposals.judge(NOW) == (
        False,
        "Not now: version 2 is on canary, and not judged yet.",
    )
    decide(bucket, NOW - timedelta(days=7), "canary-ended", "canary-failed")
    assert proposals.judge(NOW)[0] is True


def test_a_finding_counts_once_and_not_for_ever(proposals, bucket, monitoring, results):
    record(results, "old", YESTERDAY, people(600, 1))
    record(results, "new", TODAY, people(600, 2, ink=lambda ink: ink * 1.6))
    find(monitoring)
    assert proposals.judge(NOW)[0] is True
    assert proposals.judge(NOW + timedelta(days=8))[0] is False, "stale"
    decide(bucket, NOW + timedelta(days=1))
    assert proposals.judge(NOW + timedelta(days=4))[0] is False, "a training has answered it"
