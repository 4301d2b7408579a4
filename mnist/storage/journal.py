"""The journal of promotion decisions: a numbered series of objects, each created once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from mnist.storage.bucket import Bucket

_PREFIX = "journal/"

OVERRIDE = "override"
ROLLBACK = "rollback"
"""Verdicts of people, where the gates' own would be."""

Action = Literal["promoted", "rolled-back", "refused"]
"""What came of a decision; the first two make a version champion."""


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

    @property
    def moves(self) -> bool:
        """Whether this entry made its version champion."""
        return self.action != "refused"


class Journal:
    """Every decision ever made, in a bucket. Entries are appended and never changed."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def entries(self) -> list[JournalEntry]:
        """Read all entries, the oldest first."""
        keys = [version.key for page in self._bucket.versions(_PREFIX) for version in page]
        return [JournalEntry.model_validate_json(self._bucket.fetch(key)) for key in sorted(keys)]

    def append(self, entry: JournalEntry) -> bool:
        """Add an entry under its number; False if somebody else took that number."""
        key = f"{_PREFIX}{entry.sequence:08d}.json"
        return self._bucket.create(key, entry.model_dump_json(indent=2).encode()) is not None

    def champion(self) -> str | None:
        """Return the version that the last move made champion, or None before the first."""
        return promoted_last(self.entries())


def promoted_last(entries: Sequence[JournalEntry]) -> str | None:
    """Return the version that was made champion last, by a promotion or a rollback."""
    return next((entry.to_version for entry in reversed(entries) if entry.moves), None)


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
