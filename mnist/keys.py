"""Names in the store: object versions, batches, chunks and where their results lie."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import quote

from mnist.errors import InvalidBatch
from mnist.ignored_files import ignored_as

LOOSE = "_loose"
"""Batch of the objects that were dropped beside the folders instead of into one."""

READY_MARKER = "_READY"
"""An object of this name says that a folder is complete; it is never scored."""

LAYOUT_FILE = "_LAYOUT.json"
"""An object of this name at the top of a batch says how the pictures of the batch are cut."""

TEMPLATE_FILE = "_TEMPLATE.png"
"""Beside a layout, the picture of the empty form, unless the layout names another one."""

ACCEPTANCE = "acceptance/"
AUDIT = "audit/"
CURRENT = "current/"
DELIVERIES = "deliveries/"
GATE_SLICES = "gate-slices/"
JOURNAL = "journal/"
LAYOUTS = "layouts/"
LEASES = "leases/"
MAPS = "maps/"
MONITORING = "monitoring/reports/"
PAGES = "pages/"
PROBES = "probes/"
PUBLIC_KEYS = "public-keys/"
RECEIPTS = "receipts/"
REFERENCES = "monitoring/references/"
RESCORES = "rescores/"
SCORES = "scores/"
VERIFICATIONS = "verifications/"
"""Prefixes in the results bucket."""

ANNOTATIONS = "annotations/"
REVIEWS = "reviews/"
SETS = "sets/"
SET_MANIFESTS = "set-manifests/"
UPLOADS = "uploads/"
VERDICTS = "verdicts/"
VIEWS = "views/"
"""Prefixes in the labels bucket."""

_MAX_NAME = 200
_NOT_PLAIN = re.compile(rb"[^A-Za-z0-9._-]|^[._]")
_IDENTITY_BYTES = 16


@dataclass(frozen=True, slots=True, order=True)
class ObjectVersion:
    """One version of one object in the inbox: overwrite the object and it is another one.

    Attributes:
        key: Full key in the inbox bucket.
        etag: Entity tag as the store gives it, without quotes.
        size: Content length in bytes.
    """

    key: str
    etag: str
    size: int
    _identity: bytes = field(default=b"", init=False, repr=False, compare=False)

    @property
    def identity(self) -> bytes:
        """First 16 bytes of the SHA-256 over key, etag and size; worked out once."""
        if not self._identity:
            object.__setattr__(self, "_identity", identity(self.key, self.etag, self.size))
        return self._identity


def is_archive_key(key: str) -> bool:
    """Tell whether an object is meant to be a folder: its name ends with `.zip`."""
    return key.lower().endswith(".zip")


def identity(key: str, etag: str, size: int) -> bytes:
    """Name an object version in 16 bytes, the same on every machine."""
    text = f"{key}\0{etag}\0{size}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).digest()[:_IDENTITY_BYTES]


def batch_of(key: str) -> str:
    """Name the batch of a key: its first path segment, or `_loose` where there is no folder."""
    folder, slash, _ = key.partition("/")
    return folder if slash and folder else LOOSE


def is_image_key(key: str) -> bool:
    """Tell whether an object is meant to be scored.

    Folder markers, `_READY`, a layout and files that computers add by themselves are not.
    """
    return not is_marker_key(key) and ignored_as(key) is None


def is_marker_key(key: str) -> bool:
    """Tell whether a key stands for a folder, or says that one is complete, or how it is cut."""
    name = key.rpartition("/")[2]
    is_layout = name == LAYOUT_FILE and key == layout_key(batch_of(key))
    return is_layout or name in {"", READY_MARKER}


def layout_key(batch: str) -> str:
    """Say where the layout of a batch lies in the inbox: at the top of its folder."""
    return beside_layout(batch, LAYOUT_FILE)


def beside_layout(batch: str, name: str) -> str:
    """Give the key of a file at the top of a batch's folder."""
    return name if batch == LOOSE else f"{batch}/{name}"


def is_misplaced_layout(key: str) -> bool:
    """Tell whether a key is named like a layout and lies where none counts.

    Args:
        key: Of an object, or of a place inside it.
    """
    return key.replace("!", "/").endswith(f"/{LAYOUT_FILE}") and key != layout_key(batch_of(key))


def is_ready_marker(key: str, batch: str) -> bool:
    """Tell whether an object says that a batch is complete: `_READY` at the top of its folder."""
    folder, _, name = key.rpartition("/")
    return name == READY_MARKER and "/" not in folder and batch_of(key) == batch


def check_batch_name(batch: str) -> str:
    """Return the name unchanged if it can be a batch.

    Raises:
        InvalidBatch: If the name is empty or has a slash.
    """
    if not batch or "/" in batch:
        raise InvalidBatch(
            f"{batch!r} cannot be a batch: a batch is the name of one folder at the top of the "
            "inbox, without slashes."
        )
    return batch


def chunk_name(
    versions: Sequence[ObjectVersion], model: str, preprocessing: str, again_after: str = ""
) -> str:
    """Name a chunk by what is in it and what is done to it.

    The same object versions, model digest and preprocessing digest give the same name on every
    machine, so that the same work done twice is one result. Work that is done once more on purpose
    names the run after which it is done.
    """
    digest = listing_digest(version.identity for version in versions)
    parts = [digest, model, preprocessing, *([again_after] if again_after else [])]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


def listing_digest(identities: Iterable[bytes]) -> str:
    """Digest a set of object versions, whatever their order (SHA-256, hex)."""
    digest = hashlib.sha256()
    for identity_bytes in sorted(identities):
        digest.update(identity_bytes)
    return digest.hexdigest()


def folder_of(batch: str) -> str:
    """Make of a batch's name one segment that every reader of tables takes for what it is.

    What is no ASCII letter or digit and none of `.`, `_`, `-` becomes `!XX` for each byte of its
    UTF-8, and so does a `.` or `_` in front. Percent signs are decoded by some readers, `NAME=` is
    a partition to all of them, and files behind a leading `.` or `_` are hidden from pandas.
    """
    name = batch.encode("utf-8", "surrogatepass")
    safe = _NOT_PLAIN.sub(lambda match: b"!%02X" % match[0][0], name).decode()
    if len(safe) <= _MAX_NAME:
        return safe
    return f"{safe[: _MAX_NAME - 42]}!!{hashlib.sha256(name).hexdigest()[:40]}"


def scores_prefix(batch: str) -> str:
    """Prefix of the Parquet parts of a batch in the results bucket."""
    return f"{SCORES}{folder_of(batch)}/"


def current_key(batch: str, kind: str) -> str:
    """Key of the rows of a batch that count now; the kind is `parquet`, `csv` or `jsonl`."""
    return f"{CURRENT}{folder_of(batch)}.{kind}"


def delivery_key(receipt: str) -> str:
    """Key of the record that a receipt, given by its own key, was announced."""
    return DELIVERIES + receipt.removeprefix(RECEIPTS)


def part_key(batch: str, chunk: str) -> str:
    """Key of the Parquet part of one chunk in the results bucket."""
    return f"{scores_prefix(batch)}{chunk}.parquet"


def receipts_prefix(batch: str) -> str:
    """Prefix of the receipts of a batch in the results bucket."""
    return f"{RECEIPTS}{segment(batch)}/"


def receipt_key(batch: str, run: str) -> str:
    """Key of the receipt that one run wrote for a batch."""
    return f"{receipts_prefix(batch)}{segment(run)}.json"


def verification_key(batch: str, at: datetime, token: str) -> str:
    """Key of one verification of a batch's receipt; of one batch, they sort by time."""
    return f"{VERIFICATIONS}{segment(batch)}/{at:%Y%m%dT%H%M%S%f}-{token}.json"


def public_key_place(public_key: str) -> str:
    """Key of a public key in the results bucket, whose signatures lie there too."""
    return f"{PUBLIC_KEYS}{public_key}.json"


def pages_prefix(batch: str) -> str:
    """Prefix of what is known of the files of a batch that have several pages."""
    return f"{PAGES}{segment(batch)}/"


def stored_layout_key(digest: str, kind: str) -> str:
    """Key of what is kept of a layout in the results bucket; the kind is `json` or `template`."""
    return f"{LAYOUTS}{digest}.{kind}"


def lease_key(batch: str) -> str:
    """Key of the lease of a batch in the results bucket."""
    return f"{LEASES}{segment(batch)}.json"


def rescore_prefix(folder: str, batch: str) -> str:
    """Prefix of the parts of a batch that another model version scored, in the results bucket."""
    return f"{RESCORES}{folder}/rows/{folder_of(batch)}/"


def difference_key(folder: str, name: str, kind: str) -> str:
    """Key of a file that says what another model version predicts differently."""
    return f"{RESCORES}{folder}/difference-{name}.{kind}"


def monitoring_key(day: date, run: str) -> str:
    """Key of what one run found about the rows of a day."""
    return f"{MONITORING}day_{day:%Y-%m-%d}/{segment(run)}.parquet"


def reference_key(day: date) -> str:
    """Key of the rows that days are compared with, named after the day that ended them."""
    return f"{REFERENCES}{day:%Y-%m-%d}.parquet"


def segment(name: str) -> str:
    """Make a name safe as one key segment: ASCII, no dots to walk up with, bounded length."""
    safe = quote(name, safe=" ", errors="surrogatepass")
    if safe.strip(".") == "":
        safe = safe.replace(".", "%2E")
    if len(safe) <= _MAX_NAME:
        return safe
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{safe[: _MAX_NAME - 41]}~{digest[:40]}"
