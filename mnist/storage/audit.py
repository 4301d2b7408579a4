"""Who changed what, when and why: one object for each change, created once, never changed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from mnist.storage.bucket import Bucket

_PREFIX = "audit/"


class AuditLine(BaseModel, frozen=True):
    """One change that a person asked for, written before it is made."""

    at: AwareDatetime
    who: str = Field(min_length=1)
    what: str = Field(min_length=1, description="the change, as in `roll back`")
    subject: str = Field("", description="what it is about: a version, a batch, a slice")
    why: str = Field("", description="the person's reason")


class AuditLog:
    """The folder `audit/` of a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def record(self, who: str, what: str, subject: str, why: str) -> AuditLine:
        """Write a line. Whoever cannot write it must not make the change.

        Raises:
            Unavailable: If the store does not answer.
            AccessDenied: If it refuses the credentials.
        """
        line = AuditLine(at=datetime.now(UTC), who=who, what=what, subject=subject, why=why)
        key = f"{_PREFIX}{line.at:%Y-%m-%d/%H%M%S%f}-{secrets.token_hex(8)}.json"
        self._bucket.create(key, line.model_dump_json(indent=2).encode())
        return line

    def last(self, count: int) -> Sequence[AuditLine]:
        """Read the last lines, the newest first; what is no line is left out.

        Raises:
            Unavailable: If the store does not answer.
        """
        keys = sorted(version.key for page in self._bucket.versions(_PREFIX) for version in page)
        lines = (_line(self._bucket.fetch(key)) for key in reversed(keys[-count:]))
        return [line for line in lines if line is not None]


def _line(content: bytes) -> AuditLine | None:
    try:
        return AuditLine.model_validate_json(content)
    except ValidationError:
        return None
