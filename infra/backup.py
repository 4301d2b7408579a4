"""Copy a stack's data into a folder, and make a stack of such a folder again.

Keys of objects never become names of files: objects lie numbered in one archive per bucket, and the
manifest says which is which. Keys and passwords are left out, so a restored stack has new ones.
"""

import hashlib
import sqlite3
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ValidationError

from infra.store import create_buckets, running_store
from mnist.errors import IntegrityError, InvalidInput, ObjectGone
from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.clients import control_client
from mnist.storage.user_metadata import sendable

MANIFEST = "manifest.json"

DATABASES = ("mlflow/mlflow.db", "prefect/prefect.db")
"""In the folder of local state. MLflow's users are not among them: they hold passwords."""


class SavedObject(BaseModel, frozen=True):
    """One object, with its user metadata: its place in its archive is its place in the list."""

    key: str
    etag: str
    sha256: str
    metadata: dict[str, str] = {}


class Manifest(BaseModel, frozen=True):
    """What a backup holds.

    Attributes:
        made_at: When it was begun.
        buckets: Objects of each bucket.
        databases: SHA-256 of each database, by its path in the folder of local state.
        trusted_keys: Public keys whose signatures count, as the settings named them.
    """

    made_at: AwareDatetime
    buckets: dict[str, list[SavedObject]]
    databases: dict[str, str]
    trusted_keys: str = ""


def back_up(
    settings: Settings,
    buckets: Sequence[str],
    directory: Path,
    target: Path,
    say: Callable[[str], None],
) -> Manifest:
    """Copy databases and objects; the stack may go on working meanwhile.

    Databases come first: whatever they name was in the store before, and nobody deletes there.

    Args:
        settings: Of the stack, with a key that may read every bucket.
        buckets: Their names.
        directory: Folder of local state.
        target: Must not exist yet.
        say: Called with one line for each part.

    Raises:
        InvalidInput: If the target exists.
        Unavailable: If the store does not answer.
    """
    if target.exists():
        raise InvalidInput(f"{target} exists; name a folder that does not, so nothing is lost.")
    target.mkdir(mode=0o700, parents=True)
    made_at = datetime.now(UTC)
    databases = {}
    for name in DATABASES:
        if (directory / name).exists():
            copy = target / Path(name).name
            _copy_database(directory / name, copy)
            databases[name] = _digest(copy.read_bytes())
            say(f"{name}: {copy.stat().st_size / 1e6:.1f} MB")
    saved = {}
    for name in buckets:
        with zipfile.ZipFile(target / f"{name}.zip", "x") as archive:
            saved[name] = list(_save(Bucket.on_s3(settings, name), archive))
        say(f"bucket {name}: {len(saved[name])} objects")
    manifest = Manifest(
        made_at=made_at,
        buckets=saved,
        databases=databases,
        trusted_keys=settings.trusted_keys or "",
    )
    (target / MANIFEST).write_text(manifest.model_dump_json())  # the last: now it is complete
    return manifest


def restore(source: Path, directory: Path, say: Callable[[str], None]) -> Manifest:
    """Fill an empty folder of local state from a backup; `make up` then starts it.

    Raises:
        InvalidInput: If the folder holds data already, or the source is no complete backup.
        IntegrityError: If something in the backup is not what was saved.
    """
    manifest = _manifest(source)
    full = [name for name in ("store", *DATABASES) if (directory / name).exists()]
    if full:
        raise InvalidInput(
            f"{directory} holds {', '.join(full)}; restore into a checkout that was never started, "
            "or after `make clean-data`."
        )
    for name, sha256 in manifest.databases.items():
        content = (source / Path(name).name).read_bytes()
        _require(_digest(content) == sha256, f"{source}/{Path(name).name}")
        (directory / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (directory / name).write_bytes(content)
        say(name)
    with running_store(directory / "store") as store:
        settings = store.settings()
        create_buckets(settings, list(manifest.buckets))
        client = control_client(settings)
        for bucket, objects in manifest.buckets.items():
            changed = 0
            with zipfile.ZipFile(source / f"{bucket}.zip") as archive:
                for number, saved in enumerate(objects):
                    content = archive.read(str(number))
                    _require(_digest(content) == saved.sha256, f"{bucket}/{saved.key}")
                    answer = client.put_object(
                        Bucket=bucket, Key=saved.key, Body=content, Metadata=saved.metadata
                    )
                    changed += answer["ETag"].strip('"') != saved.etag
            note = (
                f", {changed} of them with another etag: uploaded in parts once" if changed else ""
            )
            say(f"bucket {bucket}: {len(objects)} objects{note}")
    return manifest


def _save(bucket: Bucket, archive: zipfile.ZipFile) -> Iterator[SavedObject]:
    number = 0
    for page in bucket.versions():
        for version in page:
            try:
                saved = bucket.fetch_object(version.key)
            except ObjectGone:
                continue  # deleted since it was listed
            archive.writestr(str(number), saved.content)
            yield SavedObject(
                key=version.key,
                etag=version.etag,
                sha256=_digest(saved.content),
                metadata=sendable(saved.metadata),
            )
            number += 1


def _copy_database(source: Path, target: Path) -> None:
    """Copy an SQLite database as of one moment, whoever writes to it meanwhile."""
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)


def _manifest(source: Path) -> Manifest:
    try:
        return Manifest.model_validate_json((source / MANIFEST).read_text())
    except (FileNotFoundError, ValidationError) as error:
        raise InvalidInput(f"{source} is no complete backup: it has no {MANIFEST}.") from error


def _require(is_true: bool, what: str) -> None:  # noqa: FBT001 -- reads as an assertion
    if not is_true:
        raise IntegrityError(f"{what} is not what was saved; use another backup.")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
