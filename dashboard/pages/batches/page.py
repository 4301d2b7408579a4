"""The page Batches: the list of all batches, then one of them."""

import streamlit as st

from dashboard.components import cached, tables
from dashboard.components.batch_list import Batches, Status
from dashboard.components.boundary import each_error_once, error_boundary, warn_of_unreadable
from dashboard.components.filters import BATCH, batch_in_address, first_page, select_name
from dashboard.components.texts import code
from dashboard.components.titles import page_title
from dashboard.pages.batches.batch import show_receipt, show_status, show_tools
from dashboard.pages.batches.queries import is_behind
from dashboard.pages.batches.rows import show_rows
from mnist import services


@each_error_once()
def show() -> None:
    """Draw the page."""
    add_title = page_title("Batches")
    with error_boundary():
        batches = cached.batches()
        if batches.table.empty:
            bucket = services.current().settings.inbox_bucket
            st.info(
                f"The inbox is empty. Copy a folder of images into the bucket {code(bucket)}, for "
                "example with `aws s3 cp --recursive scans/ s3://" + bucket + "/scans/`; it shows "
                "up here within seconds."
            )
            return
        warn_of_unreadable(batches.unreadable, "receipts")
        names = batches.table["batch"].tolist()
        unknown = "There is no batch {}; here is the first of the list instead."
        batch = batch_in_address("remembered-batch", names, unknown)
        add_title(batch)
        _show_list(batches, names)
        select_name("Show one batch", names, batch, "chosen-batch", _choose)
        _show_batch(batch, batches)


def _choose(batch: str) -> None:
    st.query_params[BATCH] = batch
    first_page()


def _show_list(batches: Batches, names: list[str]) -> None:
    tables.choice_table(
        batches.table,
        "All batches: unfinished ones first, then the newest first",
        "batches",
        lambda row: _choose(names[row]),
        {
            "batch": st.column_config.TextColumn(width="medium"),
            "listed": tables.number(format="localized"),
            "not_a_digit": tables.number("not a digit", format="localized"),
            "review": tables.number("for review", format="localized"),
            "per_second": tables.number(
                "images/s", format="%.0f", help="Rows recorded per second of the last run."
            ),
            "proof": st.column_config.TextColumn(
                "receipt is",
                help="Whether somebody held the newest receipt against every recorded row: below, "
                "or by the deployment verify/default.",
            ),
            "finished_at": tables.utc("receipt"),
        },
    )


def _show_batch(batch: str, batches: Batches) -> None:
    receipt = batches.receipts.get(batch)
    parts = cached.part_keys(batch)
    status = Status(batches.table.set_index("batch")["status"][batch])
    if receipt is not None and is_behind(receipt, parts):
        status = Status.IN_PROGRESS
    show_status(status, receipt)
    if receipt is not None:
        show_receipt(receipt)
        show_tools(batch, receipt)
    if parts:
        show_rows(batch, cached.rows(batch))
