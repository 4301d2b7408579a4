"""Which receipts were held against their rows, by whom, and whether they held."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, ValidationError

from mnist.keys import VERIFICATIONS, verification_key
from mnist.scoring.receipts import Receipt
from mnist.storage.bucket import Bucket

_READERS = 4
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
        self._bucket = bucket
        self._read: dict[str, Verification | None] = {}

    def record(self, receipt: Receipt, who: str, problems: Sequence[str]) -> Verification:
        """Keep what somebody found.

        Raises:
            Unavailable: If the store does not answer.
            AccessDenied: If it refuses the credentials.
        """
        found = Verification(
            batch=receipt.batch,
            run=receipt.run.name,
            at=datetime.now(UTC),
            who=who,
            problems=tuple(problems[:_PROBLEMS_KEPT]),
        )
        key = verification_key(receipt.batch, found.at, secrets.token_hex(4))
        self._bucket.create(key, found.model_dump_json(indent=2).encode())
        return found

    def latest(self) -> Mapping[str, Verification]:
        """Read the newest verification of every batch that has one; what is none is left out.

        They never change, so each is fetched once in the life of this object.
        """
        keys = sorted(v.key for page in self._bucket.versions(VERIFICATIONS) for v in page)
        newest = {key.rpartition("/")[0]: key for key in keys}.values()
        missing = [key for key in newest if key not in self._read]
        with ThreadPoolExecutor(_READERS) as pool:
            for key, content in zip(missing, pool.map(self._bucket.fetch, missing), strict=True):
                self._read[key] = _verification(content)
        found = (self._read[key] for key in newest)
        return {each.batch: each for each in found if each is not None}


def _verification(content: bytes) -> Verification | None:
    try:
        return Verification.model_validate_json(content)
    except ValidationError:
        return None
