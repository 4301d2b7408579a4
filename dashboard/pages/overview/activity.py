"""What happened of late: flow runs, changes."""

from collections.abc import Sequence

import streamlit as st

from dashboard.components import tables
from dashboard.pages.overview import queries
from mnist import services
from mnist.orchestrator import FlowRun
from mnist.storage.audit import AuditLine

_ROWS_SHOWN = 20


@st.cache_resource(ttl=5, show_spinner=False)
def _flow_runs() -> Sequence[FlowRun]:
    return services.current().prefect.last_runs(_ROWS_SHOWN)


@st.cache_resource(ttl=3, show_spinner=False)
def _changes() -> Sequence[AuditLine]:
    return services.current().audit.last(_ROWS_SHOWN)


def show_flow_runs() -> None:
    """Draw the last flow runs."""
    if not _flow_runs():
        st.info("No flow has run yet.")
        return
    tables.table(
        queries.flow_runs(_flow_runs(), services.current().prefect.run_url),
        "The last flow runs, the newest first",
        {
            "started": tables.utc("started"),
            "seconds": tables.number("seconds", format="%.0f"),
            "url": tables.link("page", "in Prefect"),
        },
    )


def show_changes() -> None:
    """Draw what people changed here last."""
    if not _changes():
        st.info("Nobody has changed anything from these pages yet.")
        return
    tables.table(
        queries.changes(_changes()),
        "The last changes, the newest first",
        {"at": tables.utc("when"), "subject": "about"},
    )
