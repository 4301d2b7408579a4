"""Signed records: that nothing in a record was changed, and nothing before it was taken away.

A signed record is a JSON object with two more fields: `previous`, the SHA-256 of the bytes of the
record before it, and `signature`, an Ed25519 signature by a key that the record names. What is
signed is the key under which the record lies and, in canonical form, all of it but the signature.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel

from mnist.errors import InvalidSettings

_PREVIOUS = "previous"
_SIGNATURE = "signature"


class SigningKey:
    """A private key.

    Attributes:
        public_key: The public key that belongs to it, 64 hexadecimal digits.

    Args:
        seed: The private key, 64 hexadecimal digits.

    Raises:
        InvalidSettings: If it is none.
    """

    def __init__(self, seed: str) -> None:
        try:
            self._private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
        except ValueError as error:
            raise InvalidSettings(
                f"MNIST_SIGNING_KEY has {len(seed)} characters and is no key; expected 64 "
                'hexadecimal digits, as `python -c "import secrets; print(secrets.token_hex(32))"` '
                "makes them."
            ) from error
        self.public_key = self._private.public_key().public_bytes_raw().hex()

    def sign(self, key: str, entry: BaseModel, before: bytes | None = None) -> bytes:
        """Write a record.

        Args:
            key: Where it will lie.
            entry: What it says.
            before: The record before it, as it lies in the store; None if there is none.
        """
        record = entry.model_dump(mode="json")
        record[_PREVIOUS] = hashlib.sha256(before).hexdigest() if before is not None else None
        signature = self._private.sign(_signed_bytes(key, record)).hex()
        record[_SIGNATURE] = {"public_key": self.public_key, "ed25519": signature}
        return json.dumps(record, indent=2, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it lies in the store, with what its signature is worth.

    Attributes:
        key: Where it lies.
        at: When it was written, by its own words; None if it does not say.
        sha256: Of its bytes.
        previous: SHA-256 of the record before it, by its own words.
        public_key: Whose signature it carries; empty if it is not signed.
        is_genuine: Whether that signature fits.
    """

    key: str
    at: datetime | None
    sha256: str
    previous: str | None = None
    public_key: str = ""
    is_genuine: bool = False

    @classmethod
    def of(cls, key: str, content: bytes, at: datetime | None) -> Record:
        """Look at a record; one that is no JSON object is one without a signature."""
        digest = hashlib.sha256(content).hexdigest()
        try:
            record: dict[str, Any] = json.loads(content)
            signature = record.pop(_SIGNATURE)
            public_key, value = signature["public_key"], bytes.fromhex(signature["ed25519"])
            signer = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
            signed = _signed_bytes(key, record)
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls(key, at, digest)
        try:
            signer.verify(value, signed)
        except InvalidSignature:
            return cls(key, at, digest, record.get(_PREVIOUS), public_key)
        return cls(key, at, digest, record.get(_PREVIOUS), public_key, is_genuine=True)

    @property
    def signer(self) -> str:
        """Say for people whether it is signed, and by whom."""
        return f"signed by {self.public_key[:16]}…" if self.public_key else "not signed"


@dataclass(frozen=True)
class Trust:
    """Whose signatures count.

    Attributes:
        since: Public key -> from when on it signed; None where nothing says so.
    """

    since: Mapping[str, datetime | None]

    def wants_signature(self, at: datetime | None) -> bool:
        """Tell whether what was written then has to be signed."""
        begins = [since for since in self.since.values() if since is not None]
        if not begins or at is None:
            return bool(self.since)
        return at >= min(begins)


def find_chain_problems(
    records: Sequence[Record], trust: Trust, *, is_strict: bool = False
) -> list[str]:
    """Say what does not fit in a series of records, one sentence each.

    Args:
        records: All there are, the oldest first.
        trust: Whose signatures count.
        is_strict: Whether each has to name the very record before it. Otherwise it may be any of
            them, as where two runs wrote at once.
    """
    problems = []
    digests = {record.sha256 for record in records}
    signed = False
    before = None
    for record in records:
        if record.public_key:
            expected = {before} if is_strict else {None, *digests}
            problems += _problems_of(record, trust, expected)
            signed = True
        elif signed or trust.wants_signature(record.at):
            problems.append(f"{record.key} is not signed, and has to be.")
        before = record.sha256
    return problems


def _problems_of(record: Record, trust: Trust, expected: Iterable[str | None]) -> list[str]:
    if not record.is_genuine:
        return [f"{record.key} was changed: its signature does not fit."]
    problems = []
    if record.public_key not in trust.since:
        problems.append(
            f"{record.key} is signed by an unknown key, {record.public_key}; if it is one of "
            "yours, add it to MNIST_TRUSTED_KEYS."
        )
    if record.previous not in expected:
        problems.append(
            f"The record before {record.key} was changed or removed: its SHA-256 was "
            f"{record.previous}."
        )
    return problems


def _signed_bytes(key: str, record: Mapping[str, Any]) -> bytes:
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{key}\n{text}".encode()
