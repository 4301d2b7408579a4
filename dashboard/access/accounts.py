"""Passwords, sessions and roles, from settings and arithmetic alone."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from dashboard.access.people import Person, Role
from mnist.errors import AccessDenied, InvalidSettings

SESSION_SECONDS = 12 * 3600
"""After this a person logs in again."""

_SHORTEST_PASSWORD = 12
_LONGEST_NAME = 100
_TRIES, _TRY_SECONDS = 5, 60.0
_ADDRESSES_REMEMBERED = 10_000


class Accounts(BaseSettings):
    """Who may enter: two shared passwords, or the accounts of an identity provider."""

    model_config = SettingsConfigDict(env_prefix="DASHBOARD_", extra="ignore", frozen=True)

    viewer_password: SecretStr | None = Field(None, description="lets in who may look")
    editor_password: SecretStr | None = Field(None, description="lets in who may change things")
    oidc: bool = Field(default=False, description="log in by Streamlit's st.login instead")
    oidc_viewers: str = Field("", description="e-mail patterns, with commas: who may look")
    oidc_editors: str = Field("", description="e-mail patterns: who may change things too")

    def check(self) -> None:
        """Refuse to run without a way to tell people apart.

        Raises:
            InvalidSettings: Saying which variable to set.
        """
        if self.oidc:
            if not self.oidc_viewers and not self.oidc_editors:
                raise InvalidSettings(
                    "DASHBOARD_OIDC is on and nobody may enter: set DASHBOARD_OIDC_VIEWERS or "
                    "DASHBOARD_OIDC_EDITORS to e-mail addresses, such as *@example.com."
                )
            return
        looking, changing = self._passwords()
        if min(len(looking), len(changing)) < _SHORTEST_PASSWORD or looking == changing:
            raise InvalidSettings(
                "The dashboard needs two passwords: set DASHBOARD_VIEWER_PASSWORD and "
                "DASHBOARD_EDITOR_PASSWORD to different texts of at least "
                f"{_SHORTEST_PASSWORD} characters. `make up` writes both to .local/env."
            )

    def enter(self, name: str, password: str) -> Person:
        """Let a person in who knows one of the passwords. Takes as long for a wrong one.

        Raises:
            AccessDenied: If the name is empty or the password is wrong.
        """
        given = _digest(password)
        looking, changing = (hmac.compare_digest(given, _digest(p)) for p in self._passwords())
        shown = person_name(name)
        if not (looking or changing) or not password:
            raise AccessDenied("This is not the password; it stands in the environment's file.")
        if not shown:
            raise AccessDenied("Give your name too: changes and labels are kept under it.")
        return Person(shown, Role.EDITOR if changing else Role.VIEWER)

    def person_of(self, email: str, *, verified: bool) -> Person:
        """Give an account of the identity provider its role.

        Raises:
            AccessDenied: If it has none, or the provider has not verified the address.
        """
        name = person_name(email)
        if verified and _matches(name, self.oidc_editors):
            return Person(name, Role.EDITOR)
        if verified and _matches(name, self.oidc_viewers):
            return Person(name, Role.VIEWER)
        raise AccessDenied(
            f"{name or 'This account'} has no role here, or its address is not verified: ask "
            "whoever runs this to add it to DASHBOARD_OIDC_VIEWERS."
        )

    def session(self, person: Person, now: float) -> str:
        """Write a session that a browser keeps and that nobody can make up."""
        name = urlsafe_b64encode(person.name.encode()).decode()
        text = f"{name}.{person.role}.{int(now) + SESSION_SECONDS}"
        return f"{text}.{self._signed(text)}"

    def person_in(self, session: str, now: float) -> Person | None:
        """Read a session; None if it is over or is none of ours. Other passwords end them all."""
        text, _, signature = session.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signed(text).encode()):
            return None
        name, role, until = text.split(".")
        if now > int(until):
            return None
        return Person(urlsafe_b64decode(name).decode(), Role(role))

    def _signed(self, text: str) -> str:
        key = _digest("session\0" + "\0".join(self._passwords()))
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def _passwords(self) -> tuple[str, str]:
        looking, changing = (
            password.get_secret_value() if password else ""
            for password in (self.viewer_password, self.editor_password)
        )
        return looking, changing


class Throttle:
    """Slows down who guesses passwords: five wrong ones a minute from one address.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()

    def admit(self, address: str) -> None:
        """Count a try before the password is looked at.

        Raises:
            AccessDenied: Saying how long to wait.
        """
        with self._lock:
            now = self._clock()
            tries = self._tries.setdefault(address, deque())
            self._tries.move_to_end(address)
            while tries and tries[0] <= now - _TRY_SECONDS:
                tries.popleft()
            if len(tries) >= _TRIES:
                wait = tries[0] + _TRY_SECONDS - now
                raise AccessDenied(f"Too many tries; wait {wait:.0f} s and try again.")
            tries.append(now)
            while len(self._tries) > _ADDRESSES_REMEMBERED:
                self._tries.popitem(last=False)

    def forgive(self, address: str) -> None:
        """Forget the tries of somebody who knew the password in the end."""
        with self._lock:
            self._tries.pop(address, None)


def person_name(text: str) -> str:
    """Bring a name to one form, so that "Ada" and "ada " are not two reviewers."""
    words = " ".join(unicodedata.normalize("NFKC", text).split())
    return "".join(c for c in words if c.isprintable()).strip().casefold()[:_LONGEST_NAME]


def _matches(email: str, patterns: str) -> bool:
    wanted: Sequence[str] = [pattern.strip().casefold() for pattern in patterns.split(",")]
    return any(fnmatchcase(email, pattern) for pattern in wanted if pattern)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
