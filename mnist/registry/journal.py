"""The journal of promotion decisions: a numbered series of objects, each created once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from mnist.storage.bucket import Bucket

_PREFIX = "journal/"


class JournalEntry(BaseModel, frozen=True):
    """One decision about the champion, whatever it was."""

    sequence: int = Field(ge=1)
    at: datetime
    who: str = Field(min_length=1, description="a person, or the flow run that decided")
    action: Literal["promoted", "refused"]
    model: str
    from_version: str | None = Field(description="champion when the decision was made")
    to_version: str = Field(description="version the decision is about")
    verdict: str
    reasons: list[str]
    policy_version: str
    evidence_url: str
    images_digest: str = Field(description="test images that decided")


class Journal:
    """Every decision ever made, in a bucket. Entries are appended and never changed."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def entries(self) -> list[JournalEntry]:
        """Read all entries, the oldest first."""
        keys = [version.key for page in self._bucket.versions(_PREFIX) for version in page]
        return [JournalEntry.model_validate_json(self._bucket.read(key)) for key in sorted(keys)]

    def append(self, entry: JournalEntry) -> bool:
        """Add an entry under its number; False if somebody else took that number."""
        key = f"{_PREFIX}{entry.sequence:08d}.json"
        return self._bucket.create(key, entry.model_dump_json(indent=2).encode()) is not None

    def champion(self) -> str | None:
        """Return the version that the last promotion made champion, or None before the first."""
        return promoted_last(self.entries())


def promoted_last(entries: Sequence[JournalEntry]) -> str | None:
    """Return the version of the last promotion among entries in their order."""
    return next((e.to_version for e in reversed(entries) if e.action == "promoted"), None)
