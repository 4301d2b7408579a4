"""Sets of object versions at 16 bytes each, so that a batch of a million is 16 MB and not 1 GB."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_IDENTITY = np.dtype("S16")

IdentityArray = NDArray[np.bytes_]
"""Identities of object versions, shape (n,), 16 bytes each."""


class Identities:
    """A set of object versions.

    Args:
        members: Shape (n,), 16 bytes each, in any order, repetitions allowed.

    Attributes:
        members: The same, each once and sorted.
    """

    def __init__(self, members: IdentityArray) -> None:
        self.members: IdentityArray = np.unique(members)

    @classmethod
    def of(cls, identities: Iterable[bytes]) -> Identities:
        """Make a set of identities of 16 bytes each."""
        return cls(_as_array(b"".join(identities)))

    def __len__(self) -> int:
        return len(self.members)

    def has(self, identities: IdentityArray | Sequence[bytes]) -> NDArray[np.bool_]:
        """Tell for each of n identities whether it is in the set; shape (n,)."""
        return self.places(identities) >= 0

    def places(self, identities: IdentityArray | Sequence[bytes]) -> NDArray[np.intp]:
        """Return the position of each of n identities in `members`, -1 if it is not there."""
        queries: IdentityArray = np.asarray(identities, _IDENTITY)
        if not len(self.members):
            return np.full(len(queries), -1)
        places = np.searchsorted(self.members, queries).clip(max=len(self.members) - 1)
        return np.where(self.members[places] == queries, places, -1)

    def __sub__(self, other: Identities) -> Identities:
        return Identities(self.members[~other.has(self.members)])

    def __or__(self, other: Identities) -> Identities:
        return Identities(np.concatenate((self.members, other.members)))

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the sorted identities; what `keys.listing_digest` gives for them."""
        return hashlib.sha256(self.members.tobytes()).hexdigest()


class IdentityLog:
    """Identities in the order in which they come; grows by 16 bytes for each."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def extend(self, identities: Iterable[bytes]) -> None:
        """Add identities at the end."""
        self._bytes += b"".join(identities)

    def __len__(self) -> int:
        return len(self._bytes) // _IDENTITY.itemsize

    def as_set(self) -> Identities:
        """Return what has been added so far."""
        return Identities(_as_array(self._bytes))


def identity_column(table: pa.Table) -> IdentityArray:
    """Return the column `identity` of a table of rows, shape (n,)."""
    chunks = table["identity"].chunks
    return np.concatenate(
        [np.empty(0, _IDENTITY), *(_as_array(b"".join(chunk.to_pylist())) for chunk in chunks)]
    )


def _as_array(content: bytes | bytearray) -> IdentityArray:
    return np.frombuffer(content, _IDENTITY)
