"""What the doctor says of a canary."""

from datetime import UTC, datetime, timedelta

from infra.champion_checks import canary_problem
from mnist.storage.journal import JournalEntry
from tests.factories import InMemory
from tests.journals import canary_terms, entry_for

TERMS = canary_terms(longest_hours=24)


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
