"""Who changed what, when and why: one object for each change, created once, never changed."""

import secrets
from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, Field

from mnist.keys import AUDIT
from mnist.storage.bucket import Bucket
from mnist.storage.object_log import ObjectLog


class AuditLine(BaseModel, frozen=True):
    """One change that a person asked for, written before it is made."""

    at: AwareDatetime
    who: str = Field(min_length=1)
    what: str = Field(min_length=1, description="the change, as in `roll back`")
    subject: str = Field("", description="what it is about: a version, a batch, a slice")
    why: str = Field("", description="the person's reason")


class AuditLog:
    """The folder `audit/` of the results bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self.log = ObjectLog.of_json(bucket, AUDIT, AuditLine)

    def record(self, who: str, what: str, subject: str, why: str) -> AuditLine:
        """Write a line. Whoever cannot write it must not make the change."""
        line = AuditLine(at=datetime.now(UTC), who=who, what=what, subject=subject, why=why)
        key = f"{AUDIT}{line.at:%Y-%m-%d/%H%M%S%f}-{secrets.token_hex(8)}.json"
        self.log.record(key, line)
        return line

    def last(self, count: int) -> list[AuditLine]:
        """Return the last lines, the newest first."""
        return list(self.log.entries(last=count))[::-1]
