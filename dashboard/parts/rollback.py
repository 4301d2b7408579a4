"""Putting the champion before back in charge, with what will happen said first."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import wiring
from dashboard.access.login import person
from dashboard.actions import champion
from dashboard.texts import code, plain
from mnist.errors import MnistError
from mnist.storage.journal import JournalEntry, lineage

_WHY = "rollback-why"
_SURE = "rollback-sure"
_TOLD = "rollback-told"


def show_rollback(entries: Sequence[JournalEntry]) -> None:
    """Offer the step back to those who may change things, if there is a step to take."""
    told = st.session_state.pop(_TOLD, None)
    if told is not None:
        (st.success if told[0] else st.error)(told[1])
    line = lineage(entries)
    if len(line) < 2 or not person().may_change:
        return
    now, before = line[-1], line[-2]
    with (
        st.expander(f"Roll back from version {plain(now)} to version {plain(before)}"),
        st.form("rollback", border=False),
    ):
        st.markdown(
            f"Version {code(before)} will be champion again. Batches that are being scored finish "
            f"on version {code(now)}, later ones use version {code(before)}; nothing that was "
            f"scored is changed. The journal will name **{plain(person().name)}** and your reason."
        )
        st.text_input("Why?", key=_WHY, max_chars=500)
        st.checkbox(f"Make version {plain(before)} champion", key=_SURE)
        st.form_submit_button("Roll back", type="primary", on_click=_roll_back, args=(before,))


def _roll_back(to_version: str) -> None:
    if not st.session_state[_SURE]:
        st.session_state[_TOLD] = False, "Nothing was done: tick the box to confirm."
        return
    try:
        run = champion.roll_back(
            wiring.prefect_api(),
            wiring.audit_log(),
            person(),
            to_version,
            st.session_state[_WHY],
        )
    except MnistError as error:
        st.session_state[_TOLD] = False, plain(str(error))
        return
    page = wiring.orchestrator().page_url
    link = f" [Its run in Prefect]({page}/runs/flow-run/{run})" if page else ""
    st.session_state[_TOLD] = (
        True,
        f"The rollback to version {code(to_version)} has started; the journal below shows it "
        f"within seconds.{link}",
    )
