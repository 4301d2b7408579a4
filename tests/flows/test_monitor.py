"""The flow that looks back on a day, in a real Prefect engine over a real store."""

from datetime import date, timedelta

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from flows.monitor import monitor
from flows.propose_retraining import propose_retraining as propose
from mnist.monitoring.measures import NUMBERS, SHARES
from mnist.storage.monitoring import MonitoringLog
from tests.daily_rows import people, record
from tests.factories import version
from tests.reviewing import review

TODAY = date(2026, 11, 20)


pytestmark = pytest.mark.usefixtures("wired")


@pytest.fixture
def announced(monkeypatch):
    """Collect events instead of sending them."""
    found = []
    monkeypatch.setattr("flows.support.events.emit_event", lambda **event: found.append(event))
    return found


def published() -> str:
    """Fetch the newest findings for people."""
    with get_client(sync_client=True) as client:
        of_key = ArtifactFilter(key=ArtifactFilterKey(any_=["monitor"]))
        return max(client.read_artifacts(artifact_filter=of_key), key=lambda a: a.created).data


def test_a_changed_scanner_is_found_recorded_shown_and_announced(
    results, results_bucket, announced
):
    record(results, "old", TODAY - timedelta(days=1), people(600, 1))
    record(results, "new", TODAY, people(300, 2, brightness=lambda level: level - 60))
    found = monitor(TODAY)
    assert (found["verdict"], found["rows"]) == ("scanner-changed", 300)
    assert MonitoringLog(results_bucket).latest_report().num_rows == 2 * len((*NUMBERS, *SHARES))
    names = {(e["event"], e["resource"]["prefect.resource.id"]) for e in announced}
    assert names == {
        ("scanner.changed", "mnist.day.2026-11-20"),
        ("scanner.changed", "mnist.batch.new"),
    }
    text = published()
    assert "a person should look at scanner" in text


def test_audits_of_the_day_are_held_against_its_confidences(services, results):
    record(results, "b", TODAY, people(300, 2))
    for place in [*(f"b/2/{number}.png" for number in range(20)), "another-day/1.png"]:
        audited = version(place)
        usual = {"key": audited.key, "etag": audited.etag, "size": audited.size, "audit": True}
        for who in ("ada", "bob"):
            services.reviews.append(
                review(place, who, "3", read_as=3, model_version="1", confidence=0.98, **usual)
            )
    monitor(TODAY)
    text = published()
    assert "Of 20 audited ones it should be right on 98.0% and is on 100.0%" in text


def test_a_day_without_rows_is_no_failure_and_no_news(announced):
    assert monitor(TODAY)["verdict"] == "too-few"
    assert announced == []


def test_a_proposal_starts_a_retraining_only_with_a_reason(results, monkeypatch, announced):
    started = []
    monkeypatch.setattr(
        "flows.propose_retraining.run_deployment", lambda *a, **k: started.append((a, k))
    )
    assert propose("schedule").startswith("Not enough evidence")
    assert started == []
    today = date.today()  # noqa: DTZ011 -- any recent day will do
    record(results, "old", today - timedelta(days=2), people(600, 1))
    changed = people(600, 2, ink=lambda ink: ink * 1.6)
    record(results, "new", today - timedelta(days=1), changed)
    assert monitor(today - timedelta(days=1))["verdict"] == "writing-changed"
    assert propose("writing-changed").startswith("Retraining")
    ((args, options),) = started
    assert args == ("retrain/default",)
    assert "because:writing-changed" in options["tags"]
    assert options["parameters"] == {"recipe": "fast", "seed": None}  # or there is nothing new
