"""What object stores send when something is written into a bucket, in their several dialects.

A notification is a hint to look, never the truth: it may come late, twice, out of order or not at
all. So all that is taken from it is which key to look at.

- S3 event messages, as AWS, MinIO and RustFS send them ("Event message structure" in the Amazon S3
  user guide), plain or wrapped by SNS; keys are URL-encoded there.
- Amazon EventBridge, `Object Created`; keys are plain there.
- SeaweedFS's filer webhook: a path below `/buckets/`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from mnist.errors import InvalidInput

_SEAWEEDFS_BUCKETS = "/buckets/"


@dataclass(frozen=True, slots=True)
class Notice:
    """One object that was written.

    Attributes:
        key: Its key in the bucket.
        mark: The same when the same writing is announced again, another for another writing.
    """

    key: str
    mark: str


def notices(message: object, bucket: str) -> list[Notice]:
    """Find the objects of a bucket that a message announces; deletions and folders are left out.

    Args:
        message: The message, as decoded from JSON.
        bucket: Name of the bucket that matters.

    Raises:
        InvalidInput: If the message is in none of the known dialects.
    """
    try:
        return list(_notices(message, bucket))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InvalidInput(
            f"The message is no notification of an object store ({error!r}); expected the JSON "
            "of S3 events, of EventBridge or of SeaweedFS's webhook."
        ) from error


def _notices(message: Any, bucket: str) -> Iterator[Notice]:
    match message:
        case {"Records": list(records)}:
            for record in records:
                yield from _of_record(record, bucket)
        case {"Event": "s3:TestEvent"}:
            return  # AWS sends one when notifications are switched on
        case {"Type": "Notification", "Message": str(text)}:
            yield from _notices(json.loads(text), bucket)
        case {"source": "aws.s3", "detail-type": str(kind), "detail": detail}:
            if kind == "Object Created" and detail["bucket"]["name"] == bucket:
                yield _notice(detail["object"]["key"], detail["object"])
        case {"event_type": str(kind), "key": str(path), "message": details}:
            yield from _of_seaweedfs(kind, path, details, bucket)
        case _:
            raise ValueError(f"top level: {str(message)[:200]}")


def _of_record(record: Any, bucket: str) -> Iterator[Notice]:
    if "ObjectCreated:" in record["eventName"] and record["s3"]["bucket"]["name"] == bucket:
        written = record["s3"]["object"]
        yield _notice(unquote_plus(written["key"]), written)


def _of_seaweedfs(kind: str, path: str, details: Any, bucket: str) -> Iterator[Notice]:
    entry = details.get("new_entry")
    prefix = f"{_SEAWEEDFS_BUCKETS}{bucket}/"
    if entry is None or kind == "delete" or entry.get("is_directory"):
        return
    if kind == "rename":
        path = f"{details['new_parent_path']}/{entry['name']}"
    if path.startswith(prefix):
        attributes = entry["attributes"]
        mark = f"{attributes.get('md5')} {attributes.get('mtime')} {attributes.get('inode')}"
        yield Notice(path.removeprefix(prefix), mark)


def _notice(key: str, written: Mapping[str, Any]) -> Notice:
    names = ("etag", "eTag", "sequencer", "versionId", "version-id")
    return Notice(key, " ".join(str(written[name]) for name in names if name in written))
