"""Overview: who is champion, how good it is, what was decided last, and whether all is well."""

from __future__ import annotations

import streamlit as st

from dashboard import cached, wiring
from dashboard.parts.champion import show_champion
from dashboard.parts.problems import told
from dashboard.parts.rollback import show_rollback
from dashboard.parts.today import show_changes, show_runs, show_today
from dashboard.queries.models import became, decisions, training_runs
from dashboard.texts import code, plain

_WHEN = st.column_config.DatetimeColumn
_DECISIONS_SHOWN = 20


def show() -> None:
    """Draw the page."""
    st.title("Overview")
    _services()
    st.header("Champion", help="The model version that scores batches from now on.")
    with told():
        show_champion(cached.champion())
    st.header("Today")
    with told():
        show_today()
    st.header("Decisions", help="Every candidate ever judged, whether it was promoted or not.")
    with told():
        _decisions()
    st.header("Training runs")
    with told():
        _training_runs()
    st.header("Flow runs")
    with told():
        show_runs()
    st.header("Changes", help="What people did here, and why; labels carry their own names.")
    with told():
        show_changes()


def _services() -> None:
    found = cached.health()
    with st.container(horizontal=True, vertical_alignment="center"):
        for health in found:
            if health.problem is None:
                st.badge(f"{health.service} answers", icon=":material/check:", color="green")
            else:
                st.badge(f"{health.service}: trouble", icon=":material/warning:", color="red")
        st.link_button("Models in MLflow ↗", wiring.settings().mlflow_tracking_uri, type="tertiary")
        prefect = wiring.orchestrator().page_url
        if prefect:
            st.link_button("Flows in Prefect ↗", prefect, type="tertiary")
    for health in found:
        if health.problem is not None:
            st.error(plain(health.problem))


def _decisions() -> None:
    entries = cached.journal()
    if not entries:
        st.info("No candidate has been judged yet.")
        return
    last = entries[-1]
    against = f" against version {code(last.from_version)}" if last.from_version else ""
    st.markdown(
        f"**Version {code(last.to_version)} {became(last)}**{against}: "
        f"{plain(last.verdict.replace('_', ' '))} · {last.at:%Y-%m-%d %H:%M} UTC · "
        f"{plain(last.who)}"
    )
    st.markdown("\n".join(f"- {plain(reason)}" for reason in last.reasons))
    show_rollback(entries)
    st.dataframe(
        decisions(entries[-_DECISIONS_SHOWN:]),
        hide_index=True,
        alt="The last decisions, the newest first",
        column_config={
            "at": _WHEN("when (UTC)", format="YYYY-MM-DD HH:mm"),
            "against": "champion then",
            "reasons": st.column_config.TextColumn("reasons", width="large"),
            "evidence": st.column_config.LinkColumn("evidence", display_text="run in MLflow"),
        },
    )


def _training_runs() -> None:
    runs = cached.training_runs()
    if not runs:
        st.info("Nothing has been trained yet.")
        return
    st.dataframe(
        training_runs(runs, cached.journal_if_known()),
        hide_index=True,
        placeholder="",
        alt="The last training runs, the newest first",
        column_config={
            "started_at": _WHEN("started (UTC)", format="YYYY-MM-DD HH:mm"),
            "accuracy": st.column_config.NumberColumn("test accuracy", format="percent"),
            "errors": st.column_config.NumberColumn("test errors", format="%d"),
            "seconds": st.column_config.NumberColumn("training, s", format="%.0f"),
            "url": st.column_config.LinkColumn("run", display_text="in MLflow"),
        },
    )
    st.caption("A run appears here when its training is over; Prefect shows those under way.")
