"""Passwords, sessions and roles, from settings and arithmetic alone."""

import hashlib
import hmac
import secrets
import threading
import time
import unicodedata
from collections import deque
from collections.abc import Callable
from fnmatch import fnmatchcase

from cachetools import LRUCache
from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from dashboard.access.people import Person, Role
from mnist.errors import AccessDenied, InvalidSettings

SESSION_SECONDS = 12 * 3600
"""After this a person logs in again."""

_SHORTEST_PASSWORD = 12
_SHORTEST_KEY = 32
_LONGEST_NAME = 100
_TRIES, _TRY_SECONDS = 5, 60.0
_ADDRESSES_REMEMBERED = 10_000


class Accounts(BaseSettings):
    """Who may enter: two shared passwords, or the accounts of an identity provider."""

    model_config = SettingsConfigDict(
        env_prefix="DASHBOARD_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    viewer_password: SecretStr = Field(SecretStr(""), description="password of the viewers")
    editor_password: SecretStr = Field(SecretStr(""), description="password of the editors")
    session_key: SecretStr = Field(
        default_factory=lambda: SecretStr(secrets.token_urlsafe(_SHORTEST_KEY)),
        description="random key that signs sessions; unset: they end with the process",
    )
    oidc: bool = Field(default=False, description="log in by Streamlit's st.login instead")
    oidc_viewers: str = Field("", description="e-mail patterns of viewers, with commas")
    oidc_editors: str = Field("", description="e-mail patterns of editors, with commas")

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
        viewers, editors = self._passwords()
        if min(len(viewers), len(editors)) < _SHORTEST_PASSWORD or viewers == editors:
            raise InvalidSettings(
                "The dashboard needs two passwords: set DASHBOARD_VIEWER_PASSWORD and "
                "DASHBOARD_EDITOR_PASSWORD to different texts of at least "
                f"{_SHORTEST_PASSWORD} characters. `make up` writes both to .local/env."
            )
        if len(self.session_key.get_secret_value()) < _SHORTEST_KEY:
            raise InvalidSettings(
                f"DASHBOARD_SESSION_KEY has fewer than {_SHORTEST_KEY} characters: set it to a "
                "random text, such as secrets.token_urlsafe(32) makes, or leave it unset."
            )

    def enter(self, name: str, password: str) -> Person:
        """Let a person in who knows one of the passwords. Takes as long for a wrong one.

        Raises:
            AccessDenied: If the name is empty or the password is wrong.
        """
        digest = _digest(password)
        viewer, editor = (hmac.compare_digest(digest, _digest(p)) for p in self._passwords())
        if not (viewer or editor) or not password:
            raise AccessDenied("This is not the password; it stands in the environment's file.")
        if not person_name(name):
            raise AccessDenied("Give your name too: changes and labels are kept under it.")
        return Person(person_name(name), Role.EDITOR if editor else Role.VIEWER)

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

    def session(self, person: Person) -> str:
        """Write a session that a browser keeps and that nobody can forge."""
        return str(self._serializer().dumps([person.name, person.role]))

    def person_in(self, session: str) -> Person | None:
        """Read a session; None if it is over or was not written with these passwords and key."""
        try:
            name, role = self._serializer().loads(session, max_age=SESSION_SECONDS)
        except BadData:
            return None
        return Person(name, Role(role))

    def _serializer(self) -> URLSafeTimedSerializer:
        """Sign with HMAC(random key, passwords): another password ends all sessions.

        Without the random key no guess of a password can be tried on a cookie.
        """
        return URLSafeTimedSerializer(
            self.session_key.get_secret_value(),
            salt=_encoded("\0".join(["session", *self._passwords()])),
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def _passwords(self) -> tuple[str, str]:
        return self.viewer_password.get_secret_value(), self.editor_password.get_secret_value()


class Throttle:
    """Slows down who guesses passwords: five tries a minute from one address.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: LRUCache[str, deque[float]] = LRUCache(_ADDRESSES_REMEMBERED)

    def admit(self, address: str) -> None:
        """Count a try before the password is looked at.

        Raises:
            AccessDenied: Saying how long to wait.
        """
        with self._lock:
            now = self._clock()
            tries = self._tries.setdefault(address, deque(maxlen=_TRIES))
            if len(tries) == _TRIES and tries[0] > now - _TRY_SECONDS:
                wait = tries[0] + _TRY_SECONDS - now
                raise AccessDenied(f"Too many tries; wait {wait:.0f} s and try again.")
            tries.append(now)

    def forgive(self, address: str) -> None:
        """Forget the tries of somebody who knew the password in the end."""
        with self._lock:
            self._tries.pop(address, None)


def person_name(text: str) -> str:
    """Bring a name to one form, so that "Ada" and "ada " are not two reviewers."""
    words = " ".join(unicodedata.normalize("NFKC", text).split())
    return "".join(c for c in words if c.isprintable()).strip().casefold()[:_LONGEST_NAME]


def _matches(email: str, patterns: str) -> bool:
    listed = (pattern.strip().casefold() for pattern in patterns.split(","))
    return any(fnmatchcase(email, pattern) for pattern in listed if pattern)


def _digest(text: str) -> bytes:
    return hashlib.sha256(_encoded(text)).digest()


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
