"""Images that a person chose on one page, to be looked at one after the other on Review."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from dashboard.components.batch_rows import BatchRows
from dashboard.components.filters import BATCH
from dashboard.components.links import go_to
from mnist.keys import ObjectVersion
from mnist.reviews.ticket import Ticket
from mnist.tables import BOX_COLUMNS

SELECTION = "selection"
"""Says in the address of Review that a selection is looked at."""

MOST_REVIEWED = 500
"""Images of a selection that are asked about, the first ones."""

_CHOSEN = "images-to-review"
_COLUMNS = ("key", "etag", "bytes", "sha256", "digit", "confidence", "model_version")
_OF_VALUES = ("value", "value_confidence", "marks")
"""Columns that rows of earlier releases lack."""


@dataclass(frozen=True)
class ChosenImages:
    """What a person chose.

    Attributes:
        name: Where it was chosen.
        tickets: The images, in the order in which they were shown.
    """

    name: str
    tickets: Sequence[Ticket]


def tickets_of(rows: BatchRows, positions: Iterable[int]) -> list[Ticket]:
    """Ask about rows of a batch, in order; those of which no content was fetched are left out.

    Args:
        rows: The rows of the batch.
        positions: Of rows in them.
    """
    names = [*_COLUMNS, *(name for name in _OF_VALUES if name in rows.table.column_names)]
    table = rows.table.select(names).take(list(positions))
    return [_ticket(row) for row in table.to_pylist() if row["sha256"]]


def _ticket(row: Mapping[str, Any]) -> Ticket:
    is_value = row["digit"] is None and row.get("value") is not None
    marks = row.get("marks") or [] if is_value else []
    return Ticket(
        ObjectVersion(row["key"], row["etag"], row["bytes"]),
        row["sha256"],
        row["digit"],
        row["model_version"] or "",
        0.0,
        (),
        row["value_confidence"] if is_value else row["confidence"],
        read_value=row["value"] if is_value else None,
        boxes=tuple(tuple(mark[side] for side in BOX_COLUMNS) for mark in marks),
    )


def tickets_at(rows: BatchRows, places: Collection[ObjectVersion]) -> list[Ticket]:
    """Ask about the rows of some object versions."""
    keys = {place.key for place in places}
    positions = rows.frame.index[rows.frame["key"].isin(keys)]
    return [ticket for ticket in tickets_of(rows, positions) if ticket.version in places]


def offer_review(batch: str, tickets: Callable[[], Sequence[Ticket]]) -> None:
    """Draw the button that has a selection of a batch looked at on Review."""
    if st.button("Review this selection", type="tertiary", key=f"review-{batch}"):
        st.session_state[_CHOSEN] = ChosenImages(f"Selection of batch {batch}", tickets())
        go_to("review", urlencode({BATCH: batch, SELECTION: "chosen"}))


def selection() -> ChosenImages | None:
    """Return the selection that the address speaks of; None if there is none in this visit."""
    if SELECTION not in st.query_params:
        return None
    chosen: ChosenImages | None = st.session_state.get(_CHOSEN)
    if chosen is None:
        st.info("A selection lasts as long as the visit in which it was made; here is the batch.")
    return chosen
