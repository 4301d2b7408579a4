"""The journal of promotion decisions: a numbered series of objects, each created once."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

import structlog
from pydantic import BaseModel, Field

from mnist.canary import CanaryTerms
from mnist.keys import JOURNAL
from mnist.storage.bucket import Bucket
from mnist.storage.object_log import number_of
from mnist.storage.signing import SignedNumberedLog, Signing

OVERRIDE = "override"
ROLLBACK = "rollback"
"""Verdicts of people, where the gates' own would be."""

NOTHING_NEW: Literal["nothing-new"] = "nothing-new"
"""What came of a training that gives, or would give, what the champion is already."""

CANARY: Literal["canary"] = "canary"
CANARY_ENDED: Literal["canary-ended"] = "canary-ended"
"""A version begins to score a share of the sources; it no longer does, and is not champion."""

Action = Literal["promoted", "rolled-back", "refused", "nothing-new", "canary", "canary-ended"]
"""What came of a decision; the first two make a version champion."""

MOVES = frozenset({"promoted", "rolled-back"})

_log = structlog.get_logger(__name__)


class JournalEntry(BaseModel, frozen=True):
    """One decision about the champion, whatever it was."""

    sequence: int = Field(ge=1)
    at: datetime
    who: str = Field(min_length=1, description="a person, or the flow run that decided")
    action: Action
    model: str
    from_version: str | None = Field(description="champion when the decision was made")
    to_version: str = Field(description="version the decision is about")
    verdict: str = Field(description="of the gates; `override` or `rollback` if a person decided")
    reasons: list[str]
    policy_version: str
    evidence_url: str
    images_digest: str = Field(description="test images that decided; empty if a person did")
    canary: CanaryTerms | None = Field(
        None, description="what a canary scores; `from_version` scores all the rest"
    )

    @property
    def moves(self) -> bool:
        """Whether this entry made its version champion."""
        return self.action in MOVES


class Journal:
    """Every decision ever made, in a bucket. Entries are appended and never changed."""

    def __init__(self, bucket: Bucket, signing: Signing | None = None) -> None:
        self.log = SignedNumberedLog(bucket, JOURNAL, JournalEntry, signing or Signing(bucket))

    def entries(self) -> list[JournalEntry]:
        """Return all entries, the oldest first; what cannot be parsed is left out and named."""
        return list(self.log.entries())

    def append(self, make: Callable[[int, list[JournalEntry]], JournalEntry]) -> JournalEntry:
        """Add an entry; see `NumberedLog.append`."""
        return self.log.append(make)

    def problems(self) -> list[str]:
        """Say which entries were changed, taken away or signed by somebody else."""
        return self.log.problems(lambda entry: entry.at)

    def champion(self) -> str | None:
        """Return the version that the last move made champion, or None before the first."""
        return promoted_last(self.entries())

    def canary(self) -> JournalEntry | None:
        """Return the entry that put a version on canary, if it still is.

        An entry after it that cannot be parsed may have ended it: then nothing is on canary.
        """
        entries = self.log.entries()
        running = running_canary([*entries])
        if running is None:
            return None
        damaged = [key for key in entries.unreadable if number_of(key) > running.sequence]
        if damaged:
            _log.warning("journal.canary-damaged", keys=damaged, version=running.to_version)
            return None
        return running


def promoted_last(entries: Sequence[JournalEntry]) -> str | None:
    """Return the version that was made champion last, by a promotion or a rollback."""
    return next((entry.to_version for entry in reversed(entries) if entry.moves), None)


def running_canary(entries: Sequence[JournalEntry]) -> JournalEntry | None:
    """Return the entry that put a version on canary; None if it ended, or a champion came."""
    for entry in reversed(entries):
        if entry.action == CANARY and entry.canary is not None:
            return entry
        if entry.moves or entry.action == CANARY_ENDED:
            return None
    return None


def progress(canary: JournalEntry, images: int) -> str:
    """Say for people how far a canary is.

    Args:
        canary: The entry that began it.
        images: How many it has scored.
    """
    terms = canary.canary
    if terms is None:
        return ""
    return (
        f"Version {canary.to_version} is on canary since {canary.at:%Y-%m-%d %H:%M} UTC: it scores "
        f"{terms.sentence}, version {canary.from_version} the others. {images:,} of "
        f"{terms.least_images:,} images are scored; it ends at the latest at "
        f"{terms.ends(canary.at):%Y-%m-%d %H:%M} UTC."
    )


def occupied(canary: JournalEntry) -> str:
    """Say that a second version cannot go on canary, and what to do."""
    return (
        f"Version {canary.to_version} is on canary since {canary.at:%Y-%m-%d %H:%M} UTC, and one "
        "is tried at a time. Nothing moved: `promote` this version when that is over, or end it by "
        "`rollback`."
    )


def lineage(entries: Sequence[JournalEntry]) -> list[str]:
    """Return the champions that a rollback can step through, the present one last.

    A promotion adds a version. A rollback takes away all that came after its target, so that the
    next one goes a step further back and not forward again to what was undone.
    """
    line: list[str] = []
    for entry in entries:
        if entry.action == "rolled-back" and entry.to_version in line:
            del line[line.index(entry.to_version) + 1 :]
        elif entry.moves and line[-1:] != [entry.to_version]:
            line.append(entry.to_version)
    return line


def were_champions(entries: Sequence[JournalEntry]) -> list[str]:
    """Return every version that has ever been champion, in the order of its first time."""
    return list(dict.fromkeys(entry.to_version for entry in entries if entry.moves))
