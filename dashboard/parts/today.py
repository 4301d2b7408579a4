"""What happened today: batches, rates, runs, changes."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import cached, wiring
from dashboard.queries.batches import today
from dashboard.texts import percent

_WHEN = st.column_config.DatetimeColumn


def show_today() -> None:
    """Draw the sums over the batches whose receipt was written today."""
    sums = today(cached.batches().table)
    if not sums.batches:
        st.info("No batch has got its receipt today, UTC.")
        return
    figures = (
        ("Batches", f"{sums.batches:,}", "Receipts written since midnight, UTC."),
        ("Images", f"{sums.images:,}", "Listed in these receipts."),
        ("Rejected", _rate(sums.reject_rate), "Share of these images without a digit."),
        ("For review", _rate(sums.review_rate), "Share of them that ask for a person's look."),
    )
    with st.container(horizontal=True):
        for label, value, meaning in figures:
            st.metric(label, value, help=meaning, border=True)


def show_runs() -> None:
    """Draw the last flow runs."""
    runs = cached.flow_runs()
    if not runs:
        st.info("No flow has run yet.")
        return
    page = wiring.orchestrator().page_url
    frame = pd.DataFrame(
        [
            {
                "started": run.started_at,
                "run": run.name,
                "state": run.state,
                "seconds": run.seconds,
                "url": f"{page}/runs/flow-run/{run.id}",
            }
            for run in runs
        ]
    )
    st.dataframe(
        frame.assign(started=_utc(frame["started"])),
        hide_index=True,
        alt="The last flow runs, the newest first",
        column_config={
            "started": _WHEN("started (UTC)", format="YYYY-MM-DD HH:mm"),
            "seconds": st.column_config.NumberColumn("seconds", format="%.0f"),
            "url": st.column_config.LinkColumn("page", display_text="in Prefect"),
        },
    )


def show_changes() -> None:
    """Draw what people changed here last."""
    lines = cached.last_changes()
    if not lines:
        st.info("Nobody has changed anything from these pages yet.")
        return
    frame = pd.DataFrame([line.model_dump() for line in lines])
    st.dataframe(
        frame.assign(at=_utc(frame["at"])),
        hide_index=True,
        alt="The last changes, the newest first",
        column_config={
            "at": _WHEN("when (UTC)", format="YYYY-MM-DD HH:mm"),
            "subject": "about",
        },
    )


def _rate(rate: float | None) -> str:
    return "none" if rate is None else percent(rate, 1)


def _utc(times: pd.Series) -> pd.Series:
    """Drop the zone, which would make the browser show its own."""
    return pd.to_datetime(times, utc=True).dt.tz_localize(None)
