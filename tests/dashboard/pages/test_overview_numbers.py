"""Whether anything is wrong: what each number counts, and what it leads to."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from dashboard.components import cached, drift
from dashboard.components.decisions import RunningCanary
from dashboard.pages.overview.numbers import (
    Sums,
    batch_numbers,
    canary_numbers,
    drift_number,
    last_retraining,
    of_period,
    of_source,
    promise_number,
    rates,
    sums,
)
from mnist.acceptance.sources import Basis, SourceThreshold
from mnist.storage.acceptance import AcceptanceEntry
from tests.dashboard.pages.test_overview import decision
from tests.journals import canary_terms

pytestmark = pytest.mark.usefixtures("environment")


def addresses(numbers):
    return {number.label: (number.value, number.page, dict(number.address)) for number in numbers}


def test_failed_waiting_and_for_review_lead_to_their_first_batch(scorer):
    scorer.drop("good", 4)
    scorer.score("good")
    scorer.drop_rejects("bad")
    scorer.score("bad")
    scorer.drop("new", 1)
    table = cached.batches().table
    doubtful = int(table["review"].fillna(0).sum())
    numbers = batch_numbers(table)
    assert addresses(numbers)["Failed"] == ("1", "batches", {"batch": "bad", "outcome": "rejected"})
    assert addresses(numbers)["Waiting"] == ("1", "batches", {"batch": "new"})
    assert addresses(numbers)["For review"][0] == f"{doubtful:,}"
    assert [number.is_bad for number in numbers] == [True, False, False]
    assert rates(table)["batch"].tolist() == ["bad", "new", "good"]


def test_nothing_wrong_leads_nowhere():
    table = pd.DataFrame(columns=["batch", "status", "listed", "review", "finished_at"])
    assert {n.value for n in batch_numbers(table)} == {"0"}
    assert not any(n.page or n.is_bad for n in batch_numbers(table))


def test_a_large_batch_hides_no_small_one(scorer):
    scorer.drop("large", 57)
    scorer.score("large")
    scorer.drop("small", 1)
    scorer.drop_rejects("small")
    scorer.score("small")
    shares = rates(cached.batches().table).set_index("batch")["rejected"]
    assert shares["small"] == pytest.approx(0.75)
    assert shares["large"] == 0


def test_yesterday_is_not_today(scorer):
    scorer.drop("scans", 2)
    receipt = scorer.score("scans")
    table = cached.batches().table
    assert sums(of_period(table, 1, receipt.run.finished_at)).batches == 1
    later = receipt.run.finished_at + timedelta(days=1)
    assert sums(of_period(table, 1, later)) == Sums(0, 0, None, None)
    assert sums(of_period(table, 2, later)).images == 2
    assert sums(of_period(table, None, later)).images == 2


def test_the_last_retraining_leads_to_its_decision():
    entries = [
        decision(1, "3"),
        decision(2, "4", "refused", verdict="worse", from_version="3"),
        decision(3, "3", "rolled-back", verdict="rollback", from_version="3"),
    ]
    number = last_retraining(entries)
    assert (number.value, number.page) == ("refused", "decisions")
    assert number.address == {"decision": "2"}
    assert last_retraining(entries[:1]).address == {"decision": "1"}
    assert last_retraining([]).value == "none"


def findings(*lines):
    return pd.DataFrame(
        [
            {"day": date(2026, 11, d), "batch": b, "verdict": v, "measure": "size"}
            for d, b, v in lines
        ]
    )


def test_a_steady_last_day_hides_no_alarm_before_it():
    found = findings(
        (1, "", "scanner-changed"),
        (2, "", "steady"),
        (2, "scans", "writing-changed"),
        (3, "", "steady"),
    )
    number = drift_number(found)
    assert (number.value, number.page, number.is_bad) == ("2 alarms", "drift", True)
    assert number.address == {"day": "2026-11-02", "batch": "scans"}
    assert "2026-11-02, batch scans: writing changed" in number.meaning
    assert len(drift.alarms(found)) == 2


def test_drift_without_alarms_and_without_reports():
    assert drift_number(findings((1, "", "steady"), (2, "", "too-few"))).value == "none"
    assert drift_number(pd.DataFrame()).value == "unknown"


def test_a_canary_that_ended_is_no_retraining():
    entries = [
        decision(1, "4", "refused"),
        decision(2, "4", "canary", verdict="override", canary=canary_terms()),
        decision(3, "4", "canary-ended", verdict="canary-failed"),
    ]
    assert last_retraining(entries).address == {"decision": "1"}


def test_a_running_canary_is_a_number_that_leads_to_its_decision():
    began = decision(2, "4", "canary", from_version="3", canary=canary_terms())
    (number,) = canary_numbers(RunningCanary(began, 40))
    assert (number.label, number.value, number.address) == (
        "Canary",
        "version 4",
        {"decision": "2"},
    )
    assert "40 of 100 images are scored" in number.meaning
    assert canary_numbers(None) == []


def audited(*thresholds, **changes) -> AcceptanceEntry:
    chosen = [
        SourceThreshold(
            source=source,
            threshold=0.99,
            basis=basis,
            labels=2_000,
            accepted=1_800,
            wrong=9 if is_broken else 0,
            bound=0.009 if is_broken else 0.0017,
            is_broken=is_broken,
        )
        for source, basis, is_broken in thresholds
    ]
    return AcceptanceEntry(
        sequence=1,
        at=datetime(2026, 11, 28, tzinfo=UTC),
        who="accept",
        model="digits",
        version="3",
        digest="d",
        max_error_rate=0.002,
        assurance=0.95,
        thresholds=chosen,
        reasons=[],
        **changes,
    )


def test_the_promise_is_kept_only_where_audits_prove_it():
    proven = promise_number(
        audited(("", Basis.PROVEN, False), ("a/", Basis.CAUTIOUS, False)), "1 %"
    )
    assert (proven.value, proven.page, proven.is_bad) == ("kept", "labels", False)
    assert "At most 1 %" in proven.meaning
    assert "0 of 1,800 audited wrong" in proven.meaning
    few = promise_number(audited(("", Basis.CAUTIOUS, False)), "1 %")
    assert (few.value, few.is_bad) == ("not proven", False)
    nobody = promise_number(None, "1 %")
    assert (nobody.value, nobody.page) == ("not audited", "review")


def test_a_promise_broken_at_one_source_is_broken_and_names_it():
    number = promise_number(audited(("", Basis.PROVEN, False), ("a/", Basis.RAISED, True)), "1 %")
    assert (number.value, number.is_bad) == ("broken", True)
    assert "Source a/: 9 of 1,800 audited wrong" in number.meaning


def test_the_promise_of_one_source_is_that_of_its_own_threshold():
    entry = audited(("", Basis.PROVEN, False), ("a/", Basis.RAISED, True))
    assert promise_number(entry, "1 %", "a/").value == "broken"
    assert promise_number(entry, "1 %", "b/").value == "kept"  # as for all sources
    only_other = audited(("a/", Basis.PROVEN, False))
    assert promise_number(only_other, "1 %", "b/").value == "not audited"


def test_a_source_is_every_batch_whose_name_begins_so_and_no_day_as_a_whole():
    batches = pd.DataFrame({"batch": ["a-monday", "a-tuesday", "b", ""]})
    assert of_source(batches, "a-", "a-,a-long").index.tolist() == [0, 1]
    assert of_source(batches, "b/", "a-,a-long").index.tolist() == [2]
    assert of_source(batches, "", "a-") is batches
    assert of_source(batches, "gone/", None).empty


def test_the_first_screen_says_that_nobody_has_audited_the_champion(overview, servers):
    servers.promote()
    page = overview.open()
    assert {metric.label: metric.value for metric in page.app.metric}["Promise"] == "not audited"
