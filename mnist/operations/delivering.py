"""Announcing every receipt at least once, whoever wrote it and whatever was away meanwhile.

What was announced is recorded in the store; whatever has no record is announced again. So a process
that dies between receipt and message costs nothing but time, and a message may come twice: its
identifier is the same.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from threading import Event
from typing import TYPE_CHECKING

import structlog
from pydantic import ValidationError

from mnist.errors import AccessDenied, IntegrityError, InvalidBatch, ObjectGone, Unavailable
from mnist.keys import delivery_key, receipt_key
from mnist.operations.completion_message import CompletionMessage, completion_message
from mnist.operations.delivery_channel import Channel, asked_for, back_off
from mnist.scoring.receipts import Receipt
from mnist.storage.deliveries import Delivery

if TYPE_CHECKING:
    from mnist.parts import Parts

_LOOK_SECONDS = 30.0
_SHARE = 20
"""The pause between two looks at all receipts is so many times as long as a look, or longer."""

_ARRIVAL = timedelta(seconds=15)
"""An event that the run itself has sent is in Prefect's database after so long."""

_MOST_EVENTS = 3
"""An event that still is not in the database then never will be; Prefect may not keep any."""

_log = structlog.get_logger(__name__)


@dataclass
class _Waiting:
    """A receipt that is not announced yet.

    Attributes:
        due: When it is tried again, by the clock.
        failures: How often the receiver refused this very message.
        attempts: How often it was sent.
        has_rows: Whether the rows that count now were brought to it.
        webhook: What the receiver answered when it took the message; empty before that.
        events: How often the event was sent.
    """

    due: float
    failures: int = 0
    attempts: int = 0
    has_rows: bool = False
    webhook: str = ""
    events: int = 0


class Delivering:
    """Finds receipts that were not announced, and announces them.

    Args:
        parts: Receipts, records, rows that count now, and the settings of the webhook.
        clock: Seconds that only grow.
    """

    def __init__(self, parts: Parts, clock: Callable[[], float] = time.monotonic) -> None:
        self._parts = parts
        self._clock = clock
        self._started_at = datetime.now(UTC)
        self._new: deque[str] = deque(maxlen=10_000)
        self._has_news = Event()
        self._waiting: dict[str, _Waiting] = {}
        self._recorded: set[str] = set()
        self._since: datetime | None = None
        self._next_look = 0.0

    @cached_property
    def _channel(self) -> Channel | None:
        """The way to the receiver; only who sends needs its secret."""
        return Channel(self._parts.webhook, self._clock) if self._parts.webhook else None

    def expect(self, receipt: Receipt) -> None:
        """Announce a receipt with the next turn, because it was just written; from any thread."""
        self._new.append(receipt_key(receipt.batch, receipt.run.name))
        self._has_news.set()

    def wake(self) -> None:
        """Let whoever waits go on."""
        self._has_news.set()

    def wait(self, seconds: float) -> None:
        """Wait for news, at most so long."""
        self._has_news.wait(seconds)
        self._has_news.clear()

    def once(self, is_stopping: Callable[[], bool] = lambda: False) -> float:
        """Announce what is due; return the seconds until something is due again.

        Raises:
            InvalidSettings: If there is a webhook without a secret, or the secret is none.
            Unavailable: If the store does not answer.
        """
        self._look()
        for key in sorted(self._waiting, key=lambda k: self._waiting[k].due):
            if is_stopping():
                break
            if self._waiting[key].due <= self._clock() and self._is_announced(key):
                self._recorded.add(delivery_key(key))
                del self._waiting[key]
        nearest = min((one.due for one in self._waiting.values()), default=math.inf)
        return max(min(nearest, self._next_look) - self._clock(), 0.1)

    def _look(self) -> None:
        """Take in the receipts without a record: those just written, now and then all there are."""
        now = self._clock()
        if self._since is None:
            self._recorded = self._parts.deliveries.recorded()
            self._since = self._parts.deliveries.first_start(self._started_at)
        keys = [self._new.popleft() for _ in range(len(self._new))]
        if now >= self._next_look:
            keys += self._parts.deliveries.receipts()
            self._next_look = now + max(_LOOK_SECONDS, _SHARE * (self._clock() - now))
        for key in keys:
            if delivery_key(key) not in self._recorded:
                self._waiting.setdefault(key, _Waiting(due=now))

    def _is_announced(self, key: str) -> bool:
        """Do what is left to be done for a receipt; tell whether that was all."""
        one = self._waiting[key]
        if one.has_rows and not one.webhook and self._is_put_off(one):
            return False
        try:
            receipt = Receipt.model_validate_json(self._parts.results_bucket.fetch(key))
            if not one.has_rows:
                self._bring_rows(receipt.batch)
                one.has_rows = True
            message = completion_message(receipt, self._parts)
            if self._since is not None and receipt.run.finished_at < self._since:
                one.webhook = "none: the receipt is older than the first start"
            elif not (self._has_webhook(one, message) and self._has_event(one, message)):
                return False
            self._record(key, one, message)
        except (ValidationError, ObjectGone) as error:
            _log.warning("delivery.no-receipt", key=key, error=str(error)[:200])
        except (AccessDenied, Unavailable) as error:
            self._try_later(one)
            _log.warning("delivery.put-off", key=key, error=str(error))
            return False
        return True

    def _record(self, key: str, one: _Waiting, message: CompletionMessage) -> None:
        delivery = Delivery(
            receipt=key,
            message=message.id,
            at=datetime.now(UTC),
            webhook=one.webhook,
            attempts=one.attempts,
        )
        self._parts.deliveries.record(delivery)
        _log.info("delivery.done", receipt=key, webhook=one.webhook, attempts=one.attempts)

    def _bring_rows(self, batch: str) -> None:
        """Write the rows that count now, should the run have died before it did."""
        started = self._clock()
        try:
            if self._parts.current_rows.refresh(batch):
                _log.info("current-rows.written", batch=batch)
                time.sleep(min(max(self._clock() - started, 0.0), 1.0))  # scoring goes first
        except (InvalidBatch, IntegrityError, ObjectGone) as error:
            _log.warning("current-rows.not-written", batch=batch, error=str(error))

    def _has_webhook(self, one: _Waiting, message: CompletionMessage) -> bool:
        """Send the message, unless the receiver has it; tell whether it has."""
        if self._channel is None:
            one.webhook = "none: no address is set"
        if one.webhook or self._channel is None:
            return True
        if self._is_put_off(one):
            return False
        one.attempts += 1
        answer = self._channel.send(message)
        if answer.is_accepted:
            one.webhook = answer.what
            return True
        if not self._is_put_off(one):
            self._try_later(one, asked_for(answer))
        _log.warning(
            "delivery.refused",
            batch=message.batch,
            message=message.id,
            answer=answer.what,
            again_in_seconds=round(one.due - self._clock(), 1),
        )
        return False

    def _is_put_off(self, one: _Waiting) -> bool:
        """Put a message off for as long as nothing may be sent; False if something may."""
        pause = self._channel.pause if self._channel else 0.0
        if pause:
            one.due = self._clock() + pause
        return bool(pause)

    def _try_later(self, one: _Waiting, least: float = 0.0) -> None:
        one.failures += 1
        one.due = self._clock() + max(back_off(one.failures), least)

    def _has_event(self, one: _Waiting, message: CompletionMessage) -> bool:
        """See to it that Prefect has the event; tell whether it has.

        The run sends it too, at once and without asking whether it arrived.
        """
        prefect = self._parts.prefect
        if prefect.page_url is None:
            return True
        age = datetime.now(UTC) - datetime.fromisoformat(message.at)
        wait = _ARRIVAL - age
        if wait <= timedelta():
            if one.events == _MOST_EVENTS or prefect.has_event(message.event_id):
                return True
            prefect.send_event(
                message.event_id, message.type, message.at, message.resource, message.data
            )
            one.events += 1
            wait = _ARRIVAL
        one.due = self._clock() + wait.total_seconds()
        return False
