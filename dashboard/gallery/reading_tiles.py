"""What a tile of the gallery says of a labelled image."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

import pandas as pd

from dashboard.gallery.tiles import Tile, sure
from dashboard.thumbnails import Thumbnail


def reading_tiles(
    page: pd.DataFrame,
    pictures: Sequence[Thumbnail],
    addresses: Sequence[str],
    known_errors: Mapping[int, int | None],
    remarks: Mapping[int, str] | None = None,
) -> list[Tile]:
    """Join readings with their pictures, one tile each.

    Args:
        page: Readings, see `dashboard.queries.readings`; the index is the row.
        pictures: In the same order.
        addresses: What each tile opens.
        known_errors: Row -> the right digit, or None where no digit is right.
        remarks: Row -> what else to say of it.
    """
    made = []
    records = page.reset_index(names="row").to_dict("records")
    for record, picture, address in zip(records, pictures, addresses, strict=True):
        row, label, digit = (int(record[name]) for name in ("row", "label", "digit"))
        said = [(remarks or {}).get(row, ""), _known(known_errors, row)]
        right = bool(record["right"])
        confidence = sure(float(record["confidence"]))
        made.append(
            Tile(
                png=base64.b64encode(picture.png).decode() if picture.png else None,
                note=picture.note,
                alt=f"{record['name']}, labelled {label}, read as {digit}",
                title=(
                    f"{record['name']}: labelled {label}, read as {digit} with {confidence}\n"
                    f"margin {record['margin']:.4f} · loss {record['loss']:.3f} nats · "
                    f"entropy {record['entropy']:.3f} nats"
                ),
                name=str(record["name"]),
                digit=str(digit),
                confidence=confidence,
                decision=f"label {label}",
                tone="good" if right else "bad",
                remarks=" · ".join(part for part in said if part),
                opens=address,
            )
        )
    return made


def _known(known_errors: Mapping[int, int | None], row: int) -> str:
    if row not in known_errors:
        return ""
    digit = known_errors[row]
    return "known: no digit is right" if digit is None else f"known label error: it is a {digit}"
