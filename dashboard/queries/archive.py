"""The images themselves, in one file, within bounds."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from mnist.errors import AccessDenied, ObjectChanged, ObjectGone
from mnist.keys import ObjectVersion
from mnist.storage.inbox import Inbox

MAX_IMAGES = 1_000
MAX_BYTES = 50_000_000
_READERS = 8
_UNSAFE = re.compile(r"[^\w.=-]+")


def first_within_bounds(versions: Sequence[ObjectVersion]) -> list[ObjectVersion]:
    """Take the first images that come to at most 1,000 files and 50 MB."""
    taken: list[ObjectVersion] = []
    room = MAX_BYTES
    for version in versions[:MAX_IMAGES]:
        room -= version.size
        if room < 0:
            break
        taken.append(version)
    return taken


def as_zip(inbox: Inbox, versions: Sequence[ObjectVersion]) -> bytes:
    """Pack exactly these object versions, with a list of names and of what is no longer there.

    Names in the archive are made of letters, digits and dots alone: a key may be anything, and
    some would be unpacked outside the folder.

    Raises:
        Unavailable: If the store does not answer.
    """
    file = io.BytesIO()
    lines = ["name\tkey"]
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive,
        ThreadPoolExecutor(_READERS) as pool,
    ):
        contents = pool.map(lambda version: _content(inbox, version), versions)
        for number, (version, content) in enumerate(zip(versions, contents, strict=True)):
            name = "" if content is None else _name(number, version.key)
            if content is not None:
                archive.writestr(name, content)
            lines.append(f"{name or 'gone'}\t{version.key!r}")
        archive.writestr("names.tsv", "\n".join(lines) + "\n")
    return file.getvalue()


def _content(inbox: Inbox, version: ObjectVersion) -> bytes | None:
    try:
        return inbox.fetch(version)
    except (ObjectGone, ObjectChanged, AccessDenied):
        return None


def _name(number: int, key: str) -> str:
    safe = _UNSAFE.sub("_", key.rpartition("/")[2]).lstrip(".")[-80:]
    return f"{number:04d}-{safe or 'image'}"
