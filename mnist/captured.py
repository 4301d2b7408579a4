"""Captured images: what the online API puts into the inbox, and how it is named there.

A folder holds what one client sent within one hour (UTC), and of a layout's pictures those of one
layout: `api-CLIENT-20261127T14`, `api-CLIENT-20261127T14-LAYOUT`. An image is named by the
identifier of its answer, `IDENTIFIER.png`. Everything else about it lies in its user metadata.
"""

import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

CAPTURED = "api-"
"""Beginning of the keys of captured images in the inbox; the API may write nowhere else."""

DEFAULT_CLIENT = "default"
"""Whoever gives no name."""

_HOUR = timedelta(hours=1)
_HOUR_FORMAT = "%Y%m%dT%H"
_LAYOUT_LENGTH = 8
_FOLDER = re.compile(r"api-([a-z0-9_]{1,32})-(\d{8}T\d{2})(?:-[0-9a-f]{8})?")
_IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_RANDOM_BITS = 62


@dataclass(frozen=True, slots=True)
class CapturedFolder:
    """A folder of captured images.

    Attributes:
        client: Who sent them.
        begins: The hour in which they were sent, UTC.
    """

    client: str
    begins: datetime

    @property
    def ends(self) -> datetime:
        """From when on nothing new comes into it, but for what still waits in a queue."""
        return self.begins + _HOUR

    @property
    def source(self) -> str:
        """What all keys of this client begin with."""
        return source_of_client(self.client)

    @classmethod
    def of(cls, batch: str) -> "CapturedFolder | None":
        """Tell whether a batch is a folder of captured images, by its name."""
        match = _FOLDER.fullmatch(batch)
        if match is None:
            return None
        try:
            begins = datetime.strptime(match[2], _HOUR_FORMAT).replace(tzinfo=UTC)
        except ValueError:
            return None
        return cls(match[1], begins)


def is_filling(batch: str) -> bool:
    """Tell whether more is to be expected in a batch: the hour of its captured images goes on."""
    folder = CapturedFolder.of(batch)
    return folder is not None and datetime.now(UTC) < folder.ends


def identifier_in(key: str) -> str | None:
    """Say which captured image lies under a key; None if it is not named as one."""
    batch, _, name = key.partition("/")
    identifier = name.partition(".")[0]
    is_image = CapturedFolder.of(batch) is not None and is_identifier(identifier)
    return identifier if is_image else None


def source_of_client(client: str) -> str:
    """Name the source of a client's images: one for all of its folders."""
    return f"{CAPTURED}{client}-"


def new_identifier() -> str:
    """Make an identifier: version 7 of RFC 9562, so it begins with the time, in milliseconds."""
    milliseconds = time.time_ns() // 1_000_000
    number = milliseconds << 80 | 7 << 76 | secrets.randbits(12) << 64
    return str(UUID(int=number | 2 << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)))


def is_identifier(text: str) -> bool:
    """Tell whether a text can be the identifier of a captured image."""
    return _IDENTIFIER.fullmatch(text) is not None


def time_of(identifier: str) -> datetime:
    """Say when an identifier was made, UTC."""
    return datetime.fromtimestamp((UUID(identifier).int >> 80) / 1_000, UTC)


def captured_folder(identifier: str, client: str, layout: str = "") -> str:
    """Name the folder of a captured image.

    Args:
        identifier: Its own, which says when it was sent.
        client: Who sent it.
        layout: Digest of the layout that cuts it; empty if it is one digit.
    """
    hour = time_of(identifier).strftime(_HOUR_FORMAT)
    return "-".join([f"{CAPTURED}{client}", hour, *([layout[:_LAYOUT_LENGTH]] if layout else [])])
