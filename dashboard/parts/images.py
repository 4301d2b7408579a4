"""The rows of a batch: filters, then one page of them as images or as a table, and downloads."""

from __future__ import annotations

import re
from functools import partial

import pandas as pd
import streamlit as st

from dashboard import cached, wiring
from dashboard.gallery import gallery
from dashboard.gallery.tiles import tiles
from dashboard.parts.filters import PAGE, choice
from dashboard.parts.links import go_to, image_of_batch
from dashboard.queries.archive import MAX_BYTES, MAX_IMAGES, as_zip, first_within_bounds
from dashboard.queries.rows import (
    BatchRows,
    as_csv,
    as_parquet,
    matching,
    ordered,
    page_count,
    page_of,
    scored_when,
    versions_of,
)
from dashboard.texts import counted
from dashboard.thumbnails import Rendering

_TABLE = "as table"
_IMAGES_PER_PAGE = 48
_ROWS_PER_PAGE = 500


def show_rows(batch: str, rows: BatchRows) -> None:
    """Draw the filters and what they leave of the batch."""
    wanted = choice(rows.frame, [*map(str, Rendering), _TABLE])
    chosen = ordered(matching(rows.frame, wanted.rows), wanted.order)
    if chosen.empty:
        st.info("No image of this batch fits the filters; take one of them away.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(chosen):,} of {counted(len(rows.frame), 'image')}**", width="content")
        st.caption(scored_when(rows.frame), width="content")
        _downloads(batch, rows, chosen)
    if wanted.show == _TABLE:
        _table(_paged(chosen, _ROWS_PER_PAGE))
    else:
        _images(batch, _paged(chosen, _IMAGES_PER_PAGE), Rendering(wanted.show))


def _paged(chosen: pd.DataFrame, size: int) -> pd.DataFrame:
    pages = page_count(len(chosen), size)
    number = 1
    if pages > 1:
        number = st.pagination(pages, key=PAGE, bind="query-params")
    return page_of(chosen, number, size)


def _images(batch: str, page: pd.DataFrame, view: Rendering) -> None:
    pictures = cached.thumbnails_of(versions_of(page), view)
    addresses = [image_of_batch(batch, version) for version in versions_of(page)]
    go_to("image", gallery(tiles(page, pictures, addresses), label=f"Images of batch {batch}"))


def _table(page: pd.DataFrame) -> None:
    columns = ["key", "decision", "digit", "confidence", "margin", "remarks", "detail"]
    st.dataframe(
        page[[*columns, "bytes", "model", "scored_at"]],
        hide_index=True,
        alt="Rows of the batch",
        column_config={
            "confidence": st.column_config.NumberColumn(format="%.4f"),
            "margin": st.column_config.NumberColumn(
                format="%.4f", help="Confidence minus the probability of the next best digit."
            ),
            "scored_at": st.column_config.DatetimeColumn(
                "scored (UTC)", format="YYYY-MM-DD HH:mm:ss"
            ),
        },
    )


def _downloads(batch: str, rows: BatchRows, chosen: pd.DataFrame) -> None:
    name = re.sub(r"[^\w-]+", "-", batch)[:100]
    for kind, mime, write in (
        ("CSV", "text/csv", as_csv),
        ("Parquet", "application/vnd.apache.parquet", as_parquet),
    ):
        st.download_button(
            f"Download as {kind}",
            partial(write, rows, chosen),
            file_name=f"{name}.{kind.lower()}",
            mime=mime,
            on_click="ignore",
            type="tertiary",
            help=f"{counted(len(chosen), 'row')}, every column as recorded",
        )
    bounded = first_within_bounds(versions_of(chosen.head(MAX_IMAGES)))
    st.download_button(
        "Download the images",
        partial(as_zip, wiring.inbox(), bounded),
        file_name=f"{name}.zip",
        mime="application/zip",
        on_click="ignore",
        type="tertiary",
        help=f"{counted(len(bounded), 'image')} of {len(chosen):,} as a zip: the first "
        f"{MAX_IMAGES:,} or {MAX_BYTES // 1_000_000} MB in this order",
    )
