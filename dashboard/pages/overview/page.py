"""The page Overview, from top to bottom."""

import streamlit as st

from dashboard.components.boundary import each_error_once, section, tell_error
from dashboard.components.titles import page_title
from dashboard.pages.overview.acceptance import show_acceptance
from dashboard.pages.overview.activity import show_changes, show_flow_runs
from dashboard.pages.overview.decisions import show_decisions, show_training_runs
from dashboard.pages.overview.queries import ServiceHealth, service_health
from dashboard.pages.overview.state import show_champion, show_state
from mnist import services


@each_error_once()
def show() -> None:
    """Draw the page."""
    page_title("Overview")
    _show_services()
    section("Is anything wrong?", show_state)
    section("Champion", show_champion, "The model version that scores batches from now on.")
    section("Acceptance", show_acceptance, "Which predictions nobody looks at, and why.")
    section(
        "Decisions", show_decisions, "Every candidate ever judged, whether it was promoted or not."
    )
    section("Training runs", show_training_runs)
    section("Flow runs", show_flow_runs)
    section("Changes", show_changes, "What people did here, and why; labels carry their own names.")


@st.cache_resource(ttl=10, show_spinner=False)
def _health() -> list[ServiceHealth]:
    current = services.current()
    return service_health(
        {
            "Object store": current.inbox.batches,
            "Model registry": lambda: current.catalogue.runs(1),
            "Prefect": current.prefect.require_health,
        }
    )


def _show_services() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        for health in _health():
            if health.problem is None:
                st.badge(f"{health.service} answers", icon=":material/check:", color="green")
            else:
                st.badge(f"{health.service}: trouble", icon=":material/warning:", color="red")
        mlflow = services.current().settings.mlflow_page_url
        st.link_button("Models in MLflow ↗", mlflow, type="tertiary")
        prefect = services.current().prefect.page_url
        if prefect:
            st.link_button("Flows in Prefect ↗", prefect, type="tertiary")
    for health in _health():
        if health.problem is not None:
            tell_error(health.problem)
