"""Images of a labelled set on the disk, until it is known whether the set is imported at all."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from mnist.data.set_uses import Use
from mnist.digits import SIDE, Image

_DIGEST = pa.binary(32)

PIXELS = pa.schema(
    [
        ("file", pa.string()),
        ("label", pa.int8()),
        ("kind", pa.string()),
        ("writer", pa.string()),
        ("use", pa.string()),
        ("content", _DIGEST),
        ("pixels", pa.binary(SIDE * SIDE)),
    ]
)
FILES = pa.schema([("content", _DIGEST), ("bytes", pa.large_binary())])
DIGESTS = pa.schema([("use", pa.string()), ("content", _DIGEST), ("pixels", _DIGEST)])
"""Columns of the three kinds of files; `content` is the SHA-256 of a file as it came."""

_IMAGES_PER_FILE = 20_000
_BYTES_PER_FILE = 64_000_000


@dataclass(frozen=True, slots=True)
class SetImage:
    """One image of a set that can be imported.

    Attributes:
        file: Its path in the set.
        label: The digit.
        kind: What kind of image it is; empty if nobody said.
        writer: Who wrote it; empty if nobody said.
        use: What it is for.
        content: The file.
        pixels: Decoded.
    """

    file: str
    label: int
    kind: str
    writer: str
    use: Use
    content: bytes
    pixels: Image

    def for_use(self, use: Use) -> Self:
        """Return the same image for another use."""
        return replace(self, use=use)

    @property
    def pixels_sha256(self) -> bytes:
        """SHA-256 of the decoded pixels."""
        return hashlib.sha256(self.pixels.tobytes()).digest()

    @property
    def content_sha256(self) -> bytes:
        """SHA-256 of the file."""
        return hashlib.sha256(self.content).digest()


class SetWriter:
    """Writes images into Parquet files of bounded size; holds none of them.

    Attributes:
        counts: Images in each pair of files, in order.

    Args:
        folder: Where the files are written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: list[pq.ParquetWriter] = []
        self._digests = pq.ParquetWriter(folder / "digests.parquet", DIGESTS)
        self._bytes = 0
        self.counts: list[int] = []

    def write(self, images: Iterable[SetImage]) -> None:
        """Write some images, a few hundred at a time."""
        rows = list(images)
        if not rows:
            return
        full = self.counts and self.counts[-1] >= _IMAGES_PER_FILE
        if not self._writers or full or self._bytes >= _BYTES_PER_FILE:
            self._begin_files()
        contents = [row.content_sha256 for row in rows]
        pixels, files = self._writers
        pixels.write_table(_pixels(rows, contents))
        files.write_table(_table(FILES, content=contents, bytes=[row.content for row in rows]))
        self._digests.write_table(
            _table(
                DIGESTS,
                use=[row.use.value for row in rows],
                content=contents,
                pixels=[row.pixels_sha256 for row in rows],
            )
        )
        self.counts[-1] += len(rows)
        self._bytes += sum(len(row.content) for row in rows)

    def close(self) -> None:
        """Finish the files."""
        for writer in (*self._writers, self._digests):
            writer.close()
        self._writers = []

    def files(self, kind: str) -> Iterator[tuple[Path, int]]:
        """Yield the files of a kind, `pixels` or `files`, with the number of their images."""
        for number, count in enumerate(self.counts):
            yield self._folder / f"{kind}-{number:05d}.parquet", count

    @property
    def digests_file(self) -> Path:
        """The file with all digests."""
        return self._folder / "digests.parquet"

    def _begin_files(self) -> None:
        for writer in self._writers:
            writer.close()
        number = f"{len(self.counts):05d}"
        self._writers = [
            pq.ParquetWriter(self._folder / f"{kind}-{number}.parquet", schema, compression="zstd")
            for kind, schema in (("pixels", PIXELS), ("files", FILES))
        ]
        self.counts.append(0)
        self._bytes = 0


def _pixels(rows: list[SetImage], contents: list[bytes]) -> pa.Table:
    return _table(
        PIXELS,
        file=[row.file for row in rows],
        label=[row.label for row in rows],
        kind=[row.kind for row in rows],
        writer=[row.writer for row in rows],
        use=[row.use.value for row in rows],
        content=contents,
        pixels=[row.pixels.tobytes() for row in rows],
    )


def _table(schema: pa.Schema, **columns: Any) -> pa.Table:
    return pa.table(columns, schema=schema)
