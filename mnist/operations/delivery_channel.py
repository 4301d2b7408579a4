"""The way of messages to their receiver: when to try again, and when to leave it alone."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnist.operations.completion_message import CompletionMessage
    from mnist.webhook import Webhook, WebhookAnswer

_FIRST_SECONDS = 2.0
_LONGEST_SECONDS = 300.0
_LONGEST_OF_ONE_SECONDS = 3_600.0


class Channel:
    """What is known of a receiver.

    One that does not answer, or says that it cannot at present, is asked again by one message at a
    time. One that refuses a message is still sent the others. One that is gone is left alone.

    Args:
        webhook: The way there.
        clock: Seconds that only grow.
    """

    def __init__(self, webhook: Webhook, clock: Callable[[], float]) -> None:
        self._webhook = webhook
        self._clock = clock
        self._failures = 0
        self._due = 0.0

    @property
    def pause(self) -> float:
        """Seconds for which nothing may be sent; infinite if the receiver is gone."""
        return max(self._due - self._clock(), 0.0)

    def send(self, message: CompletionMessage) -> WebhookAnswer:
        """Send a message once, and take note of what the answer says of the receiver."""
        answer = self._webhook.send(message.id, message.body)
        if answer.is_gone:
            self._due = math.inf
        elif answer.is_away:
            self._failures += 1
            pause = back_off(self._failures, _LONGEST_SECONDS)
            self._due = self._clock() + max(pause, asked_for(answer))
        else:
            self._failures = 0
        return answer


def back_off(failures: int, longest: float = _LONGEST_OF_ONE_SECONDS) -> float:
    """Give the seconds before the next attempt: twice as many each time, with jitter."""
    most = min(math.ldexp(_FIRST_SECONDS, min(failures - 1, 16)), longest)
    return most * random.uniform(0.5, 1.0)  # noqa: S311 - jitter


def asked_for(answer: WebhookAnswer) -> float:
    """Give the seconds that a receiver wants to be left alone, an hour at most."""
    return min(answer.wait_seconds, _LONGEST_OF_ONE_SECONDS)
