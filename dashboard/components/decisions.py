"""What a decision about a version came to, in words, and the run that made it."""

from dataclasses import dataclass

from dashboard.components.texts import code, plain
from mnist.storage.journal import OVERRIDE, ROLLBACK, JournalEntry, progress

DECISION = "decision"
"""Number of the decision in the address."""


@dataclass(frozen=True)
class RunningCanary:
    """The version on canary.

    Attributes:
        entry: The decision that began its trial.
        images: How many it has scored since.
    """

    entry: JournalEntry
    images: int

    @property
    def sentence(self) -> str:
        """Say how far it is."""
        return progress(self.entry, self.images)


_BECAME = {
    "promoted": "was promoted",
    "refused": "was refused",
    "nothing-new": "is nothing new",
    "canary": "began on canary",
    "canary-ended": "was taken off canary",
    "rolled-back": "became champion again by a rollback",
}
_GOOD_ALONE = frozenset({"better", "not_worse"})
_BY_A_RUN = "flow run "


def became(entry: JournalEntry) -> str:
    """Say what became of the version that a decision was about."""
    return _BECAME.get(entry.action, f"was {entry.action}")


def headline(entry: JournalEntry) -> str:
    """Say in Markdown what was decided, against whom, and with what verdict of the gates.

    A version may be refused although it is not worse: the verdict is about the comparison with the
    champion alone.
    """
    against = f" against version {code(entry.from_version)}" if entry.from_version else ""
    verdict = plain(entry.verdict.replace("_", " "))
    decided = f"**Version {code(entry.to_version)} {became(entry)}**{against}"
    if entry.action == "refused" and entry.verdict in _GOOD_ALONE:
        return f"{decided}, although {verdict} in accuracy: the reason stands first below"
    return f"{decided}: {verdict}"


def run_name(entry: JournalEntry) -> str | None:
    """Name the flow run that made a decision, as the flows name theirs; None if no flow did."""
    if entry.who.startswith(_BY_A_RUN):
        return entry.who.removeprefix(_BY_A_RUN)
    by_a_person = {
        OVERRIDE: f"promote-{entry.to_version}",
        ROLLBACK: f"rollback-by-{entry.who}",
    }
    return by_a_person.get(entry.verdict)
