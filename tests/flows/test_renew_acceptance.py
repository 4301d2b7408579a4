"""The flow that renews acceptance, in a real Prefect engine over a real store."""

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from flows.renew_acceptance import renew_acceptance
from tests.reviewing import review


@pytest.fixture
def announced(monkeypatch):
    """Collect events instead of sending them."""
    sent = []
    monkeypatch.setattr("flows.support.events.emit_event", lambda **event: sent.append(event))
    return sent


def audit(services, count, *, wrong):
    """Let somebody audit predictions of the champion; the first ones are wrong."""
    version = services.registry.champion().version
    for number in range(count):
        digit = number % 10
        answer = (digit + 1) % 10 if number < wrong else digit
        services.reviews.append(
            review(
                f"v{number}", "ada", str(answer), key=f"scans/{number}.png", read_as=digit,
                model_version=version, confidence=0.9999, audit=True,
            )
        )  # fmt: skip


def test_without_audits_nothing_happens(wired, announced):
    assert renew_acceptance() == {"entry": 0, "is_new": False, "broken": []}
    assert announced == []


def test_a_broken_promise_raises_the_threshold_and_is_told_once(wired, announced):
    wired.settings = wired.settings.model_copy(update={"reviews_needed": 1})
    audit(wired, 120, wrong=10)
    outcome = renew_acceptance()
    assert (outcome["entry"], outcome["is_new"]) == (1, True)
    assert any("scans/" in sentence for sentence in outcome["broken"])
    assert {event["event"] for event in announced} == {"acceptance.broken", "acceptance.renewed"}
    judged = wired.acceptance.judged(wired.registry.champion(), "scans/")
    assert judged.accept_confidence > 0.9999
    with get_client(sync_client=True) as client:
        of_acceptance = ArtifactFilter(key=ArtifactFilterKey(any_=["acceptance"]))
        text = client.read_artifacts(artifact_filter=of_acceptance)[-1].data
    assert "| scans/ | 0.99992 | raised |" in text

    announced.clear()
    assert renew_acceptance() == {"entry": 1, "is_new": False, "broken": []}
    assert announced == []
