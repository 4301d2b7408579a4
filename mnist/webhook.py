"""Signed messages to somebody else's server, as Standard Webhooks has them.

Source: https://www.standardwebhooks.com, version 1.0; the signature is its library's.
"""

from __future__ import annotations

import binascii
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx
from standardwebhooks import Webhook as Signer
from standardwebhooks.webhooks import EmptyWebhookSecretError

from mnist.errors import InvalidSettings

if TYPE_CHECKING:
    from pydantic import SecretStr

_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_LEAST_SECRET_BYTES, _MOST_SECRET_BYTES = 24, 64
_AWAY = {408, 425, 429, 502, 503, 504}
"""Answers that say something of the server and nothing of the message."""


@dataclass(frozen=True)
class WebhookAnswer:
    """What became of one attempt.

    Attributes:
        status: HTTP status; None if no answer came.
        what: The same for people.
        wait_seconds: How long the receiver wants to be left alone; 0 if it does not say.
    """

    status: int | None
    what: str
    wait_seconds: float = 0.0

    @property
    def is_accepted(self) -> bool:
        """Whether the receiver has the message."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants no message any more, of whatever kind."""
        return self.status == httpx.codes.GONE

    @property
    def is_away(self) -> bool:
        """Whether another message would fare no better now."""
        return self.status is None or self.status in _AWAY


class Webhook:
    """An address that messages are sent to.

    Args:
        url: The address; `https`, unless the way there is safe without.
        secret: One or more `whsec_…` with blanks between; each signs, so that a receiver can change
            from one to the next.

    Raises:
        InvalidSettings: If there is no secret, or it is none.
    """

    def __init__(self, url: str, secret: SecretStr | None) -> None:
        self._url = url
        secrets = secret.get_secret_value().split() if secret else []
        self._signers = [_signer(one) for one in secrets]
        if not self._signers:
            raise InvalidSettings(
                "MNIST_WEBHOOK_URL is set and MNIST_WEBHOOK_SECRET is not; messages are signed. "
                "Make one: python -c 'import base64, os; "
                'print("whsec_" + base64.b64encode(os.urandom(32)).decode())\'.'
            )
        self._client = httpx.Client(timeout=_TIMEOUT, follow_redirects=False)

    def send(self, message: str, body: str) -> WebhookAnswer:
        """Send a message once.

        Args:
            message: Its identifier, the same at each attempt, by which a receiver knows it again.
            body: JSON.
        """
        now = datetime.now(UTC)
        signatures = (signer.sign(message, now, body) for signer in self._signers)
        headers = {
            "content-type": "application/json",
            "user-agent": "mnist-orchestrated",
            "webhook-id": message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        try:
            with self._client.stream(
                "POST", self._url, content=body.encode(), headers=headers
            ) as answer:  # whose body is nobody's business
                wait = _seconds(answer.headers.get("retry-after", ""))
                return WebhookAnswer(answer.status_code, f"{answer.status_code}", wait)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return WebhookAnswer(None, f"no answer ({type(error).__name__})")


def _signer(secret: str) -> Signer:
    try:
        signer = Signer(secret)
        size = len(signer._whsecret)
    except (binascii.Error, ValueError, EmptyWebhookSecretError):
        size = 0
    if not (secret.startswith("whsec_") and _LEAST_SECRET_BYTES <= size <= _MOST_SECRET_BYTES):
        raise InvalidSettings(
            f"MNIST_WEBHOOK_SECRET is no secret of Standard Webhooks ({size} bytes): expected "
            f"whsec_ and the Base64 of {_LEAST_SECRET_BYTES} to {_MOST_SECRET_BYTES} random bytes."
        )
    return signer


def _seconds(retry_after: str) -> float:
    """Read a `Retry-After`: seconds or a date; 0 if it is neither."""
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        return max(parsedate_to_datetime(retry_after).timestamp() - time.time(), 0.0)
    except (ValueError, OverflowError):
        return 0.0
