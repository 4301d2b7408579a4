"""Batches: what was dropped, what became of it, and the images of one batch."""

from __future__ import annotations

import streamlit as st

from dashboard import cached, wiring
from dashboard.parts.batch import show_receipt, show_status
from dashboard.parts.filters import first_page
from dashboard.parts.images import show_rows
from dashboard.parts.problems import told
from dashboard.queries.batches import Batches, Status, is_behind
from dashboard.texts import code

_BATCH = "batch"
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
        _choose_first(found)
        _table(found)
        st.header("One batch")
        _one(_choice(found), found)


def _choose_first(found: Batches) -> None:
    """Choose the batch at the top unless somebody chose one that is there."""
    names = found.table["batch"].tolist()
    asked = st.query_params.get(_BATCH)
    if asked is not None and asked not in names:
        st.warning(f"There is no batch {code(asked)}; here is the newest one instead.")
    if st.session_state.get(_BATCH, asked) not in names:
        st.session_state[_BATCH] = names[0]


def _choice(found: Batches) -> str:
    names = found.table["batch"].tolist()
    # Without a default of its own, every choice stands in the address, which can be passed on.
    return str(
        st.selectbox(
            "Batch",
            names,
            index=None,
            required=True,
            key=_BATCH,
            bind="query-params",
            on_change=first_page,
        )
    )


def _table(found: Batches) -> None:
    def choose() -> None:
        rows = st.session_state[_TABLE]["selection"]["rows"]
        if rows:
            st.session_state[_BATCH] = found.table["batch"].iloc[rows[0]]
            first_page()

    st.dataframe(
        found.table,
        key=_TABLE,
        hide_index=True,
        on_select=choose,
        selection_mode="single-row",
        placeholder="",
        alt="All batches: unfinished ones first, then the newest first",
        column_config={
            "review": st.column_config.NumberColumn("for review"),
            "finished_at": st.column_config.DatetimeColumn(
                "receipt (UTC)", format="YYYY-MM-DD HH:mm"
            ),
        },
    )


def _one(batch: str, found: Batches) -> None:
    receipt = found.receipts.get(batch)
    parts = cached.part_keys(batch)
    if receipt is None or is_behind(receipt, parts):
        st.button("Look again", on_click=cached.batches.clear)
    statuses = found.table.set_index("batch")["status"]
    show_status(
        Status.IN_PROGRESS
        if receipt is not None and is_behind(receipt, parts)
        else Status(statuses[batch])
    )
    if receipt is not None:
        show_receipt(receipt)
    if parts:
        show_rows(batch, cached.rows(batch, parts))
