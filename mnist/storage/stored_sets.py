"""Labelled sets in the labels bucket: a folder for each import, its manifest written last.

`sets/SET/IMPORT/` holds Parquet files with decoded images (`pixels-…`), with the files as they came
(`files-…`), and one with the digests of all (`digests.parquet`). Without its manifest,
`set-manifests/SET/IMPORT.json`, an import does not exist. Nothing is changed or deleted: a later
import of a set takes the place of an earlier one, whose digests count for ever.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AwareDatetime, BaseModel, Field

from mnist.data.digests import Digests, short_digests
from mnist.data.set_report import SetReport
from mnist.data.set_uses import Use
from mnist.errors import IntegrityError, ObjectGone
from mnist.keys import SET_MANIFESTS, SETS
from mnist.storage.bucket import Bucket
from mnist.storage.object_log import ObjectLog
from mnist.tables import from_parquet

_MANIFEST = re.compile(rf"{SET_MANIFESTS}[^/]+/[^/]+\.json")


class SetFile(BaseModel, frozen=True):
    """One Parquet file of an import."""

    key: str
    sha256: str
    images: int


class SetManifest(BaseModel, frozen=True):
    """One import of a labelled set.

    Attributes:
        name: Of the set.
        id: Of the import; of one set, they sort by time.
        at: When it was imported.
        who: Who vouches for its labels.
        source: Where it came from.
        use: What it is for as a whole.
        writers: Writer -> use, in a set that is split.
        preprocessing: Digest of the preprocessing that decoded the images.
        report: What was found when it was imported.
        pixels: Files with decoded images.
        files: Files with the images as they came.
        digests: File with the digests of contents and pixels of every image.
    """

    name: str = Field(min_length=1)
    id: str = Field(min_length=1)
    at: AwareDatetime
    who: str = Field(min_length=1)
    source: str
    use: Use
    writers: dict[str, Use] = Field(default_factory=dict)
    preprocessing: str
    report: SetReport
    pixels: list[SetFile]
    files: list[SetFile]
    digests: SetFile

    @property
    def folder(self) -> str:
        """Prefix of all that belongs to it."""
        return import_folder(self.name, self.id)


def import_folder(name: str, import_id: str) -> str:
    """Prefix of one import of a set in the labels bucket."""
    return f"{SETS}{name}/{import_id}/"


def new_import_id(at: datetime, token: str) -> str:
    """Name an import so that those of one set sort by time."""
    return f"{at:%Y%m%dT%H%M%S%f}-{token}"


class StoredSets:
    """The folder `sets/` of the labels bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self.log = ObjectLog.of_json(bucket, SET_MANIFESTS, SetManifest)

    def imports(self) -> list[SetManifest]:
        """Return every import ever made, of one set in the order of time.

        Raises:
            IntegrityError: If a manifest cannot be parsed: then nobody can say which images
                evaluate, and nothing may be learned.
        """
        entries = self.log.entries()
        if damaged := [key for key in entries.unreadable if _MANIFEST.fullmatch(key)]:
            raise IntegrityError(
                f"{', '.join(damaged)} in {self.log.place} cannot be parsed, so it is "
                "not known which images evaluate. Restore it from a backup."
            )
        return list(entries)

    def current(self) -> dict[str, SetManifest]:
        """Return the last import of each set, by its name."""
        return {manifest.name: manifest for manifest in self.imports()}

    def upload(self, key: str, path: Path, images: int) -> SetFile:
        """Write one file of an import."""
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            self._bucket.upload(key, file, "application/vnd.apache.parquet", {})
        return SetFile(key=key, sha256=sha256, images=images)

    def record(self, manifest: SetManifest) -> str:
        """Write the manifest, with which the import begins to exist; return its key.

        Raises:
            IntegrityError: If there is one already.
        """
        key = f"{SET_MANIFESTS}{manifest.name}/{manifest.id}.json"
        if not self.log.record(key, manifest):
            raise IntegrityError(f"{self._bucket.name}/{key} exists; import the set again.")
        return key

    def tables(
        self, files: Sequence[SetFile], columns: Sequence[str] | None = None
    ) -> Iterator[pa.Table]:
        """Fetch files of an import, one after the other.

        Raises:
            IntegrityError: If one is gone or has not the SHA-256 of the manifest.
        """
        for file in files:
            try:
                content = self._bucket.fetch(file.key)
            except ObjectGone as error:
                raise IntegrityError(
                    f"{self._bucket.name}/{file.key} is gone, and the labelled set needs it; "
                    "restore it from a backup, or import the set again."
                ) from error
            actual = hashlib.sha256(content).hexdigest()
            if actual != file.sha256:
                raise IntegrityError(
                    f"{self._bucket.name}/{file.key} has SHA-256 {actual}, but the manifest says "
                    f"{file.sha256}; restore it from a backup, or import the set again."
                )
            yield from_parquet(content, columns)

    def digests_of(self, use: Use) -> Digests:
        """Return digests of contents and of pixels of all images that ever had a use."""
        parts = [np.zeros(0, np.uint64)]
        for manifest in self.imports():
            for table in self.tables([manifest.digests]):
                of_use = table.filter(pc.equal(table["use"], use.value))
                parts += [short_digests(of_use[name].to_pylist()) for name in ("content", "pixels")]
        return np.unique(np.concatenate(parts))
