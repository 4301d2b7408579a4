"""A run that a person started from a page: the page follows it until it has ended."""

from dataclasses import dataclass

import streamlit as st

from dashboard.components import cached
from dashboard.components.boundary import ActionResult, error_boundary, run_link, show_result
from dashboard.components.texts import plain
from mnist import services

_FOLLOWED = "followed-run"
_RESULT = "followed-result"
_BROKEN_OFF = frozenset({"Failed", "Crashed", "Cancelled", "TimedOut"})
_RUNS_ASKED = 20


@dataclass(frozen=True)
class FollowedRun:
    """A flow run and what it is waited for.

    Attributes:
        what: What it does, as in `rollback`.
        run: Prefect's identifier.
        last_decision: Number of the last decision before it, if it makes one; else None.
    """

    what: str
    run: str
    last_decision: int | None


def follow(what: str, run: str, *, decides: bool) -> None:
    """Have `show_followed` follow a run that was started just now; for callbacks.

    Args:
        what: What it does, as in `rollback`.
        run: Prefect's identifier.
        decides: Whether it ends with a decision in the journal.
    """
    last = max((entry.sequence for entry in cached.journal()), default=0) if decides else None
    st.session_state[_FOLLOWED] = FollowedRun(what, run, last)


def show_followed() -> None:
    """Say how the run is that was started in this visit, or, once, how it ended."""
    show_result(_RESULT)
    if _FOLLOWED in st.session_state:
        _look()


@st.fragment(run_every=2)
def _look() -> None:
    """Look every two seconds how the run ended, and then draw the page."""
    followed: FollowedRun | None = st.session_state.get(_FOLLOWED)
    if followed is None:
        return
    with error_boundary():
        result = _result(followed)
        if result is None:
            appears = "" if followed.last_decision is None else "; its decision appears here"
            st.info(f"The {followed.what} is under way{appears}.{run_link(followed.run)}")
            return
        st.session_state[_RESULT] = result
        del st.session_state[_FOLLOWED]
        cached.forget_champion()
        st.rerun()


def _result(followed: FollowedRun) -> ActionResult | None:
    """Say how a run ended; None while it is under way."""
    current, last = services.current(), followed.last_decision
    if last is not None and any(e.sequence > last for e in current.journal.log.entries()):
        return ActionResult(f"The {followed.what} is over.{run_link(followed.run)}")
    runs = current.prefect.last_runs(_RUNS_ASKED)
    state = next((run.state for run in runs if run.id == followed.run), "")
    if state in _BROKEN_OFF:
        text = f"The {followed.what}'s run ended as {plain(state)}."
        return ActionResult(f"{text}{run_link(followed.run)}", succeeded=False)
    if state == "Completed" and last is None:
        return ActionResult(f"The {followed.what} is over.{run_link(followed.run)}")
    return None
