"""What the doctor says of a canary."""

from datetime import UTC, datetime, timedelta

from infra.champion_checks import canary_problem
from mnist.promotion.canary import CanaryTerms
from mnist.storage.journal import JournalEntry
from tests.factories import InMemory
from tests.journals import entry_for

TERMS = CanaryTerms(
    share=0.2,
    seed="s",
    by="batch",
    sources=None,
    least_images=100,
    longest_hours=24,
    changed_share=0.05,
    acceptance_drop=0.03,
)


def services_with_canary(hours_ago: float) -> InMemory:
    services = InMemory()
    services.journal.append(entry_for("1"))

    def began(number, entries) -> JournalEntry:
        entry = entry_for("2", "canary")(number, entries)
        at = datetime.now(UTC) - timedelta(hours=hours_ago)
        return entry.model_copy(update={"canary": TERMS, "at": at})

    services.journal.append(began)
    return services


def test_no_canary_and_a_young_one_are_no_problem():
    assert canary_problem(InMemory()) is None
    assert canary_problem(services_with_canary(25)) is None  # judged once an hour


def test_a_canary_that_nobody_judges_is_one():
    problem = canary_problem(services_with_canary(27))
    assert "version 2 is on canary since" in problem
    assert problem.endswith("nobody judges it")
