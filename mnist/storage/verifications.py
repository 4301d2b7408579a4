"""Which receipts were held against their rows, by whom, and whether they held."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel

from mnist.keys import VERIFICATIONS, verification_key
from mnist.scoring.receipts import Receipt
from mnist.storage.bucket import Bucket
from mnist.storage.object_log import ObjectLog

_PROBLEMS_KEPT = 20


class Verification(BaseModel, frozen=True):
    """One verification of one receipt."""

    batch: str
    run: str
    at: AwareDatetime
    who: str
    problems: tuple[str, ...]
    """What does not hold, the first 20; empty if the receipt holds."""

    def is_of(self, receipt: Receipt) -> bool:
        """Tell whether it speaks of this receipt, and not of an older one of the batch."""
        return (self.batch, self.run) == (receipt.batch, receipt.run.name)


class VerificationLog:
    """The folder `verifications/` of the results bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self.log = ObjectLog.of_json(bucket, VERIFICATIONS, Verification)

    def record(self, receipt: Receipt, who: str, problems: Sequence[str]) -> Verification:
        """Keep what a verification came to."""
        verification = Verification(
            batch=receipt.batch,
            run=receipt.run.name,
            at=datetime.now(UTC),
            who=who,
            problems=tuple(problems[:_PROBLEMS_KEPT]),
        )
        key = verification_key(receipt.batch, verification.at, secrets.token_hex(4))
        self.log.record(key, verification)
        return verification

    def latest(self) -> Mapping[str, Verification]:
        """Return the newest verification of every batch that has one."""
        return {entry.batch: entry for entry in sorted(self.log.entries(), key=lambda e: e.at)}
