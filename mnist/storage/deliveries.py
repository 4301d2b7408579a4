"""Which receipts were announced: one object each, created once it was done."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from mnist.keys import DELIVERIES, RECEIPTS, delivery_key
from mnist.storage.bucket import Bucket
from mnist.storage.object_log import ObjectLog

_FIRST = f"{DELIVERIES}first-start.json"


class Delivery(BaseModel, frozen=True):
    """That a receipt was announced, and how."""

    receipt: str = Field(description="key of the receipt; empty in the record of the first start")
    message: str = Field(description="identifier of the message, the same at each attempt")
    at: datetime
    webhook: str = Field(description="what the receiver answered, or why none was asked")
    attempts: int = Field(ge=0, description="how often this process sent it")


class Deliveries:
    """The folder `deliveries/` of the results bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self.log = ObjectLog.of_json(bucket, DELIVERIES, Delivery)

    def first_start(self, now: datetime) -> datetime:
        """Say since when receipts are announced: since this moment, if nobody did so before."""
        first = Delivery(receipt="", message="", at=now, webhook="first start", attempts=0)
        if self.log.record(_FIRST, first):
            return now
        return Delivery.model_validate_json(self._bucket.fetch(_FIRST)).at

    def record(self, delivery: Delivery) -> bool:
        """Record that a receipt was announced; False if somebody else did."""
        return self.log.record(delivery_key(delivery.receipt), delivery)

    def recorded(self) -> set[str]:
        """Return the keys of the records."""
        return {version.key for page in self._bucket.versions(DELIVERIES) for version in page}

    def receipts(self) -> list[str]:
        """Return the keys of all receipts there are."""
        return [version.key for page in self._bucket.versions(RECEIPTS) for version in page]
