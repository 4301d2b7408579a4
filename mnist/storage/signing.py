"""Records that are signed as they are written, and the public keys that lie beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel

from mnist.keys import PUBLIC_KEYS, public_key_place
from mnist.settings import Settings
from mnist.signatures import Record, SigningKey, Trust, find_chain_problems
from mnist.storage.bucket import Bucket
from mnist.storage.object_log import NumberedLog, ObjectLog, number_of

Model = TypeVar("Model", bound=BaseModel)


class PublicKey(BaseModel, frozen=True):
    """What lies beside the results of a key that signs them, signed by itself."""

    public_key: str
    since: AwareDatetime


class Signing:
    """Signs what is written to a bucket, and knows whose signatures count there.

    Attributes:
        key: The key that signs; None if nothing is signed.

    Args:
        bucket: Where the records lie.
        key: The key that signs.
        trusted: Public keys that count; if empty, those that lie in the bucket.
    """

    def __init__(
        self, bucket: Bucket, key: SigningKey | None = None, trusted: frozenset[str] = frozenset()
    ) -> None:
        self.key = key
        self._bucket = bucket
        self._trusted = trusted

    @classmethod
    def of(cls, bucket: Bucket, settings: Settings) -> Signing:
        """Sign with the key of the settings, and trust whom they name.

        Raises:
            InvalidSettings: If the key is none.
        """
        seed = settings.signing_key
        names = (settings.trusted_keys or "").split(",")
        return cls(
            bucket,
            SigningKey(seed.get_secret_value()) if seed else None,
            frozenset(name.strip().lower() for name in names if name.strip()),
        )

    def content(self, key: str, entry: BaseModel, before: Callable[[], str | None]) -> bytes:
        """Write an entry as JSON, signed if there is a key.

        Args:
            key: Where it will lie.
            entry: What it says.
            before: Gives the key of the record before it; called only if there is a key to sign.
        """
        if self.key is None:
            return entry.model_dump_json(indent=2).encode()
        previous = before()
        content = None if previous is None else self._bucket.fetch(previous)
        return self.key.sign(key, entry, content)

    def publish(self) -> bool:
        """Put the public key beside the results; False if it lies there or nothing is signed."""
        if self.key is None:
            return False
        key = public_key_place(self.key.public_key)
        entry = PublicKey(public_key=self.key.public_key, since=datetime.now(UTC))
        return self._bucket.create(key, self.key.sign(key, entry)) is not None

    def trust(self) -> Trust:
        """Say whose signatures count, by the settings or else by what lies beside the results."""
        lying = ObjectLog.of_json(self._bucket, PUBLIC_KEYS, PublicKey).entries()
        since = {
            entry.public_key: entry.since
            for key, entry in lying.by_key.items()
            if self._is_its_own(key, entry)
        }
        own = {self.key.public_key} if self.key else set()
        trusted = (self._trusted or frozenset(since)) | own
        return Trust({key: since.get(key) for key in trusted})

    def _is_its_own(self, key: str, entry: PublicKey) -> bool:
        record = self.look(key, entry.since)
        return record.is_genuine and record.public_key == entry.public_key

    def look(self, key: str, at: datetime | None) -> Record:
        """Look at one record as it lies in the bucket."""
        return Record.of(key, self._bucket.fetch(key), at)


class SignedNumberedLog(NumberedLog[Model]):
    """A numbered log whose entries are signed if there is a key.

    Args:
        bucket: Where they lie.
        prefix: Beginning of their keys, with the slash at its end.
        model: What an entry is; its field `sequence` is its number.
        signing: Signs them.
    """

    def __init__(self, bucket: Bucket, prefix: str, model: type[Model], signing: Signing) -> None:
        super().__init__(bucket, prefix, model)
        self._signing = signing

    def record(self, key: str, entry: BaseModel) -> bool:
        """Record an entry as JSON; False if there is one of that key."""
        number = number_of(key) - 1
        previous = f"{self.prefix}{number:08d}.json" if number else None
        return self.create(key, self._signing.content(key, entry, lambda: previous))

    def problems(self, written_at: Callable[[Model], datetime]) -> list[str]:
        """Say what was changed, taken away or signed by somebody else, one sentence each.

        Args:
            written_at: Says when an entry was written.
        """
        entries = self.entries()
        times = {key: written_at(entry) for key, entry in entries.by_key.items()}
        keys = sorted(key for key in (*times, *entries.unreadable) if number_of(key))
        records = [self._signing.look(key, times.get(key)) for key in keys]
        return find_chain_problems(records, self._signing.trust(), is_strict=True)
