"""Batches: what was dropped, what became of it, and the images of one batch."""

from __future__ import annotations

import streamlit as st

from dashboard import cached, wiring
from dashboard.parts.batch import show_receipt, show_status
from dashboard.parts.batch_tools import show_tools
from dashboard.parts.filters import first_page
from dashboard.parts.images import show_rows
from dashboard.parts.problems import told
from dashboard.queries.batches import Batches, Status, is_behind
from dashboard.texts import code

_BATCH = "batch"
_CHOICE = "chosen-batch"
_REMEMBERED = "remembered-batch"
_TABLE = "batches"


def show() -> None:
    """Draw the page."""
    st.title("Batches")
    with told():
        found = cached.batches()
        if found.table.empty:
            bucket = wiring.settings().inbox_bucket
            st.info(
                f"The inbox is empty. Copy a folder of images into the bucket {code(bucket)}, for "
                "example with `aws s3 cp --recursive scans/ s3://" + bucket + "/scans/`; it shows "
                "up here within seconds."
            )
            return
        for key in found.unreadable:
            st.warning(f"{code(key)} lies among the receipts and is none; it is left out here.")
        batch = _chosen(found.table["batch"].tolist())
        _table(found)
        _one(batch, found)


def _chosen(names: list[str]) -> str:
    """Find out which batch to show and say so in the address, which can be passed on."""
    asked = st.query_params.get(_BATCH)
    if asked is not None and asked not in names:
        st.warning(f"There is no batch {code(asked)}; here is the first of the list instead.")
    candidates = (asked, st.session_state.get(_REMEMBERED), names[0])
    batch = next(name for name in candidates if name in names)
    st.session_state[_REMEMBERED] = st.session_state[_CHOICE] = batch
    if batch != asked:
        st.query_params[_BATCH] = batch
    return batch


def _choose(batch: str) -> None:
    st.query_params[_BATCH] = batch
    first_page()


def _table(found: Batches) -> None:
    names = found.table["batch"].tolist()

    def choose() -> None:
        rows = st.session_state[_TABLE]["selection"]["rows"]
        if rows:
            _choose(names[rows[0]])

    st.dataframe(
        found.table,
        key=_TABLE,
        hide_index=True,
        on_select=choose,
        selection_mode="single-row",
        placeholder="",
        alt="All batches: unfinished ones first, then the newest first",
        column_config={
            "batch": st.column_config.TextColumn(width="medium"),
            "review": st.column_config.NumberColumn("for review"),
            "per_second": st.column_config.NumberColumn(
                "images/s", format="%.0f", help="Rows recorded per second of the last run."
            ),
            "proof": st.column_config.TextColumn(
                "receipt is",
                help="Whether somebody held the newest receipt against every recorded row: below, "
                "or by the deployment verify/default.",
            ),
            "finished_at": st.column_config.DatetimeColumn(
                "receipt (UTC)", format="YYYY-MM-DD HH:mm"
            ),
        },
    )
    st.selectbox(
        "Show one batch",
        names,
        key=_CHOICE,
        on_change=lambda: _choose(st.session_state[_CHOICE]),
    )


def _one(batch: str, found: Batches) -> None:
    receipt = found.receipts.get(batch)
    parts = cached.part_keys(batch)
    status = Status(found.table.set_index("batch")["status"][batch])
    if receipt is not None and is_behind(receipt, parts):
        status = Status.IN_PROGRESS
    show_status(status, receipt)
    if receipt is not None:
        show_receipt(receipt)
        show_tools(batch, receipt)
    if parts:
        show_rows(batch, cached.rows(batch, parts))
