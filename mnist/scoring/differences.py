"""What another model version reads differently: old rows beside new ones."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pyarrow.compute as pc

_COMPARED = ("outcome", "digit", "confidence", "accepted", "model_version")


def changed_readings(old: pa.Table, new: pa.Table) -> pa.Table:
    """Return one row per object version whose outcome, digit or acceptance changed.

    Args:
        old: Rows of schema ROWS, one per object version.
        new: The same object versions as another model version reads them; some may be missing.

    Returns:
        Columns batch, key, etag, bytes, and for each of outcome, digit, confidence, accepted and
        model_version one with the prefix `old_` and one with `new_`; in the order of batch and
        key.
    """
    place = ("identity", "batch", "key", "etag", "bytes")
    left = old.select([*place, *_COMPARED]).rename_columns(
        [*place, *(f"old_{name}" for name in _COMPARED)]
    )
    right = new.select(["identity", *_COMPARED]).rename_columns(
        ["identity", *(f"new_{name}" for name in _COMPARED)]
    )
    joined = left.join(right, "identity", join_type="inner").drop_columns(["identity"])
    changed = pc.or_(
        pc.or_(_differ(joined, "outcome"), _differ(joined, "accepted")),
        _differ(joined, "digit"),
    )
    ordered = joined.filter(changed)
    return ordered.sort_by([("batch", "ascending"), ("key", "ascending"), ("etag", "ascending")])


def flips(changed: pa.Table) -> dict[tuple[int, int], int]:
    """Count the changed digits among `changed_readings`: (old digit, new digit) -> images."""
    counted: dict[tuple[int, int], int] = {}
    pairs = zip(changed["old_digit"].to_pylist(), changed["new_digit"].to_pylist(), strict=True)
    for before, after in pairs:
        if before is not None and after is not None and before != after:
            counted[before, after] = counted.get((before, after), 0) + 1
    return counted


def content_name(table: pa.Table) -> str:
    """Name a table by what is in it: the same rows give the same name on every machine."""
    digest = hashlib.sha256()
    for row in table.to_pylist():
        digest.update(repr(sorted(row.items())).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]


def _differ(joined: pa.Table, name: str) -> pa.ChunkedArray:
    old, new = joined[f"old_{name}"], joined[f"new_{name}"]
    if name == "digit":  # null where the image was rejected
        old, new = pc.fill_null(old, -1), pc.fill_null(new, -1)
    return pc.not_equal(old, new)
