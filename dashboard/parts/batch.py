"""One batch: how far it is, its sums, why images were rejected, which model read it."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from dashboard import cached, wiring
from dashboard.queries.batches import Status, balance
from dashboard.queries.rows import explained
from dashboard.texts import code, counted, percent, plain
from mnist.digits import Outcome
from mnist.scoring.receipts import Receipt

_COLOURS = {
    Status.EMPTY: "gray",
    Status.WAITING: "gray",
    Status.IN_PROGRESS: "blue",
    Status.COMPLETE: "green",
    Status.INCOMPLETE: "orange",
    Status.FAILED: "red",
}


def show_status(status: Status, receipt: Receipt | None) -> None:
    """Say how far the batch is, what that means, and where to see the last run."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(str(status), color=_COLOURS[status])  # type: ignore[arg-type]
        st.caption(status.sentence, width="content")
        if status in {Status.WAITING, Status.IN_PROGRESS}:
            st.button("Look again", on_click=cached.forget_batches, type="tertiary")
        address = _flow_run_page(receipt) if receipt else None
        if address:
            st.link_button("Its run in Prefect ↗", address, type="tertiary")


def show_receipt(receipt: Receipt) -> None:
    """Draw what the newest receipt says."""
    listed = receipt.listing.count
    scored = receipt.outcomes.get(Outcome.SCORED, 0)
    counts = (
        ("Listed", listed, "Images found in the inbox by this run."),
        ("Scored", scored, "A digit was read."),
        ("Accepted", receipt.accepted, "Scored, and confident enough to need no person's look."),
        ("For review", scored - receipt.accepted, "Scored, and worth a person's look."),
        ("Rejected", receipt.outcomes.get(Outcome.REJECTED, 0), "No digit; the reason is kept."),
    )
    with st.container(horizontal=True):
        for label, count, meaning in counts:
            share = percent(count / listed, 1) if listed and label != "Listed" else None
            st.metric(
                label,
                f"{count:,}",
                share,
                delta_color="off",
                delta_arrow="off",
                help=meaning,
                border=True,
                height="stretch",
            )
    models = ", ".join(
        f"{code(model.name)} version {code(model.version)}" for model in receipt.models
    )
    st.markdown(
        f"{balance(receipt)} · read by {models or 'no model'} · receipt written "
        f"{receipt.run.finished_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    if receipt.verdict != "complete":
        st.warning(plain(receipt.verdict_reason))
    if receipt.unlisted:
        st.caption(
            f"{counted(len(receipt.unlisted), 'image')} more have a row and were no longer in the "
            "inbox when this run looked: overwritten or deleted since they were scored."
        )
    _reasons(receipt)


def _reasons(receipt: Receipt) -> None:
    if receipt.reasons:
        st.markdown("**Why images were rejected**")
        st.markdown(
            "\n".join(
                f"- {counted(count, 'image')}: {code(reason)}. {plain(explained(reason))}"
                for reason, count in receipt.reasons.items()
            )
        )


def _flow_run_page(receipt: Receipt) -> str | None:
    prefect = wiring.orchestrator().page_url
    try:
        run = UUID(receipt.run.name)
    except ValueError:
        return None
    return f"{prefect}/runs/flow-run/{run}" if prefect else None
