"""What was decided about candidates, the training runs behind it, and the way back."""

from collections.abc import Sequence
from urllib.parse import urlencode

import streamlit as st

from dashboard.access.login import person
from dashboard.access.model_actions import roll_back
from dashboard.components import cached, tables
from dashboard.components.boundary import (
    ActionResult,
    remember_result,
    show_result,
    warn_of_unreadable,
)
from dashboard.components.decisions import DECISION, headline
from dashboard.components.following import follow, show_followed
from dashboard.components.links import go_to
from dashboard.components.texts import code, counted, plain, sentence
from dashboard.pages.overview import queries
from mnist import services
from mnist.errors import MnistError
from mnist.registry.records import TrainingRun
from mnist.storage.journal import JournalEntry, lineage, running_canary

_ROWS_SHOWN = 20
_REASONS_SHOWN = 4
_WHY = "rollback-why"
_SURE = "rollback-sure"
_RESULT = "rollback-result"
_CHOSEN = "chosen-decision"


def journal_or_nothing() -> list[JournalEntry]:
    """All decisions, or none where the store does not answer; the page says that elsewhere."""
    try:
        return list(cached.journal())
    except MnistError:
        return []


@st.cache_resource(ttl=10, show_spinner=False)
def _runs() -> list[TrainingRun]:
    return services.current().catalogue.runs(_ROWS_SHOWN)


def show_decisions() -> None:
    """Draw the last decision with its reasons, the way back, and the decisions before."""
    warn_of_unreadable(cached.journal().unreadable, "decisions")
    entries = list(cached.journal())
    show_followed()
    if not entries:
        st.info("No candidate has been judged yet.")
        return
    last = entries[-1]
    st.markdown(f"{headline(last)} · {last.at:%Y-%m-%d %H:%M} UTC · {plain(last.who)}")
    _show_reasons(last)
    _show_rollback(entries)
    shown = queries.decisions(entries[-_ROWS_SHOWN:])

    def choose(row: int) -> None:
        st.session_state[_CHOSEN] = int(shown["number"].iloc[row])

    tables.choice_table(
        shown,
        "The last decisions, the newest first; choose one to see its gates",
        "overview-decisions",
        choose,
        {
            "at": tables.utc("when"),
            "against": "champion then",
            "reasons": st.column_config.TextColumn("reasons", width="large"),
            "evidence": tables.link("evidence", "run in MLflow"),
        },
    )
    if (number := st.session_state.pop(_CHOSEN, None)) is not None:
        go_to("decisions", urlencode({DECISION: number}))


def _show_reasons(entry: JournalEntry) -> None:
    """Draw the first reasons, which decided, and lead to the others."""
    first = entry.reasons[:_REASONS_SHOWN]
    st.markdown("\n".join(f"- {sentence(reason)}" for reason in first))
    more = len(entry.reasons) - len(first)
    if more and st.button(f"{counted(more, 'more reason')}, and its gates", type="tertiary"):
        go_to("decisions", urlencode({DECISION: entry.sequence}))


def show_training_runs() -> None:
    """Draw the last training runs."""
    if not _runs():
        st.info("Nothing has been trained yet.")
        return
    tables.table(
        queries.training_runs(_runs(), journal_or_nothing()),
        "The last training runs, the newest first",
        {
            "started_at": tables.utc("started"),
            "accuracy": tables.share("test accuracy"),
            "errors": tables.number("test errors", format="%d"),
            "seconds": tables.number("training, s", format="%.0f"),
            "url": tables.link("run", "in MLflow"),
        },
        placeholder="",
    )
    st.caption("A run appears here when its training is over; Prefect shows those under way.")


def _show_rollback(entries: Sequence[JournalEntry]) -> None:
    """Offer editors the step back, with what will happen, if there is a step to take."""
    show_result(_RESULT)
    champions, canary = lineage(entries), running_canary(entries)
    if canary is not None:
        champions.append(canary.to_version)
    if len(champions) < 2 or not person().is_editor:
        return
    now, before = champions[-1], champions[-2]
    will = "will score everything" if canary else "will be champion"
    with (
        st.expander(f"Roll back from version {plain(now)} to version {plain(before)}"),
        st.form("rollback", border=False),
    ):
        st.markdown(
            f"Version {code(before)} {will} again. Batches that are being scored finish "
            f"on version {code(now)}, later ones use version {code(before)}; nothing that was "
            f"scored is changed. The journal will name **{plain(person().name)}** and your reason."
        )
        st.text_input("Why?", key=_WHY, max_chars=500)
        st.checkbox(f"Make version {plain(before)} champion", key=_SURE)
        st.form_submit_button(
            "Roll back",
            type="primary",
            on_click=remember_result,
            args=(_RESULT, lambda: _roll_back(before)),
        )


def _roll_back(to_version: str) -> ActionResult:
    if not st.session_state[_SURE]:
        return ActionResult("Nothing was done: tick the box to confirm.", succeeded=False)
    current = services.current()
    run = roll_back(current.prefect, current.audit, person(), to_version, st.session_state[_WHY])
    follow("rollback", run, decides=True)
    return ActionResult(f"The rollback to version {code(to_version)} has started.")
