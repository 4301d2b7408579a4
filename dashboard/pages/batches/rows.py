"""The rows of a batch: filters, then one page of them as images or as a table, and downloads."""

import re
from functools import partial

import pandas as pd
import streamlit as st

from dashboard.components import cached, tables
from dashboard.components.annotations import (
    carrying,
    choose_tags,
    columns_for,
    offer_annotation,
    show_on_tiles,
)
from dashboard.components.batch_rows import BatchRows, Decision, contents_of, versions_of
from dashboard.components.filters import FILTER, PAGE, alternatives, paged, range_slider
from dashboard.components.gallery import gallery, row_tiles
from dashboard.components.links import go_to, image_of_batch
from dashboard.components.pictures import Rendering
from dashboard.components.selection import MOST_REVIEWED, offer_review, tickets_of
from dashboard.components.texts import counted
from dashboard.pages.batches import queries
from dashboard.pages.batches.queries import MAX_BYTES, MAX_IMAGES, Order, RowFilter
from mnist import services
from mnist.digits import CLASSES

_TABLE = "as table"
_ROWS_PER_PAGE = 500
_PILLS = FILTER | {"selection_mode": "multi", "wrap": True}


def show_rows(batch: str, rows: BatchRows) -> None:
    """Draw the filters and what they leave of the batch."""
    row_filter, order, view, tags = _controls(rows.frame)
    frame = queries.ordered(queries.matching(rows.frame, row_filter), order)
    if tags:
        frame = frame[carrying(frame["sha256"], tags)]
    if frame.empty:
        st.info("No image of this batch fits the filters; take one of them away.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(frame):,} of {counted(len(rows.frame), 'image')}**", width="content")
        st.caption(queries.scored_when(rows.frame), width="content")
        _downloads(batch, rows, frame)
        offer_review(batch, lambda: tickets_of(rows, frame.head(MOST_REVIEWED).index))
        offer_annotation(lambda: frame["sha256"], lambda: contents_of(frame))
    if view == _TABLE:
        _show_table(paged(frame, PAGE, _ROWS_PER_PAGE))
    else:
        _show_images(batch, paged(frame), Rendering(view))


def _controls(frame: pd.DataFrame) -> tuple[RowFilter, Order, str, tuple[str, ...]]:
    """Draw the controls; return which rows, in which order, how to show them, and which tags."""
    outcome, digit, show = st.columns([3, 4, 4])
    confidence, remark, name, order = st.columns(4, gap="medium")
    decisions = outcome.pills(
        "Outcome",
        [str(decision) for decision in Decision],
        key="outcome",
        help="A prediction is accepted when its confidence reaches the model's threshold and the "
        "image shows nothing odd; other predictions ask for a person's look.",
        **_PILLS,
    )
    digits = digit.pills("Predicted digit", list(map(str, range(CLASSES))), key="digit", **_PILLS)
    with confidence:
        meaning = "Rejected images have none; the full range keeps them."
        bounds = range_slider("Confidence", "confidence", 1.0, meaning)
    reasons = queries.remarks_in(frame)
    remarks = remark.multiselect(
        "Reason or warning", reasons, key="reason", placeholder="any", **FILTER
    )
    text = name.text_input("Name contains", key="name", placeholder="any", **FILTER)
    row_order = order.selectbox("Order", list(map(str, Order)), key="order", **FILTER)
    with show:
        view = alternatives("Show", [*map(str, Rendering), _TABLE], "show", **FILTER)
    with remark:
        tags = choose_tags()
    row_filter = RowFilter(
        decisions=tuple(Decision(decision) for decision in decisions),
        digits=tuple(int(digit) for digit in digits),
        confidence=bounds,
        remarks=tuple(remarks),
        name=text,
    )
    return row_filter, Order(row_order), view, tags


def _show_images(batch: str, page: pd.DataFrame, rendering: Rendering) -> None:
    versions = versions_of(page)
    addresses = [image_of_batch(batch, version) for version in versions]
    tiles = row_tiles(page, cached.thumbnails(versions, rendering), addresses)
    show_on_tiles(tiles, dict(zip(addresses, page["sha256"], strict=True)))
    go_to("image", gallery(tiles, label=f"Images of batch {batch}"))


def _show_table(page: pd.DataFrame) -> None:
    columns = ["key", "decision", "value", "confidence", "margin", "remarks", "detail"]
    tables.table(
        page[[*columns, "bytes", "model", "scored_at"]],
        "Rows of the batch",
        {
            "value": st.column_config.TextColumn("predicted"),
            "confidence": tables.number(format="%.4f"),
            "margin": tables.number(
                format="%.4f", help="Confidence minus the probability of the next best digit."
            ),
            "scored_at": tables.utc("scored", seconds=True),
        },
    )


def _downloads(batch: str, rows: BatchRows, frame: pd.DataFrame) -> None:
    name = re.sub(r"[^\w-]+", "-", batch)[:100]
    whole = f"{counted(len(frame), 'row')}, every column as recorded"
    with_tags = f"{whole}, with tags and notes"
    bounded = queries.first_within_bounds(versions_of(frame.head(MAX_IMAGES)))
    part = (
        f"{counted(len(bounded), 'image')} of {len(frame):,} as a zip: the first "
        f"{MAX_IMAGES:,} or {MAX_BYTES // 1_000_000} MB in this order"
    )
    as_csv = partial(_csv, rows, frame)
    as_parquet = partial(queries.as_parquet, rows, frame)
    as_zip = partial(queries.as_zip, services.current().inbox, bounded)
    tables.download("Download as CSV", as_csv, f"{name}.csv", "text/csv", with_tags)
    parquet = "application/vnd.apache.parquet"
    tables.download("Download as Parquet", as_parquet, f"{name}.parquet", parquet, whole)
    tables.download("Download the images", as_zip, f"{name}.zip", "application/zip", part)


def _csv(rows: BatchRows, frame: pd.DataFrame) -> bytes:
    return queries.as_csv(rows, frame, columns_for(frame["sha256"]))
