"""The trial of a version on canary: how far it is, what it has scored, and how it ended."""

from urllib.parse import urlencode

import streamlit as st

from dashboard.components import cached, tables
from dashboard.components.decisions import DECISION, headline
from dashboard.components.filters import BATCH
from dashboard.components.links import go_to
from dashboard.components.texts import plain
from dashboard.pages.decisions import queries
from mnist.canary import CanaryTerms
from mnist.storage.journal import JournalEntry, progress

_CHOSEN = "canary-batch"


def show_canary(entry: JournalEntry, terms: CanaryTerms, entries: list[JournalEntry]) -> None:
    """Draw how the trial stands that a decision began, and the batches that the version scored.

    Args:
        entry: The decision.
        terms: What was agreed then.
        entries: All decisions, the oldest first.
    """
    end = queries.end_of_canary(entries, entry)
    scored = queries.canary_batches(cached.batches().receipts.values(), entry, end)
    images = int(scored["images"].sum())
    if end is None:
        text = f"{images:,} of {terms.least_images:,} images"
        st.progress(min(1.0, images / terms.least_images), text=text)
        st.markdown(plain(progress(entry, images)))
        st.caption(
            "`judge-canary` looks at them each hour, and a minute after each batch of this list; "
            "it ends the trial as soon as the version is shown to be worse."
        )
    else:
        st.markdown(f"It ended on {end.at:%Y-%m-%d %H:%M} UTC. {headline(end)}.")
        if st.button("Show how it ended", type="tertiary"):
            go_to("decisions", urlencode({DECISION: end.sequence}))
    if scored.empty:
        st.info("It has scored no batch that has a receipt.")
        return

    def choose(row: int) -> None:
        st.session_state[_CHOSEN] = scored["batch"].iloc[row]

    tables.choice_table(
        scored,
        "Batches that the version on canary has scored, the newest first; choose one to open it",
        "canary-batches",
        choose,
        {
            "review": tables.share("for review"),
            "rejected": tables.share(),
            "finished_at": tables.utc("receipt"),
        },
    )
    if batch := st.session_state.pop(_CHOSEN, None):
        go_to("batches", urlencode({BATCH: batch}))


def show_beginning(entry: JournalEntry, entries: list[JournalEntry]) -> None:
    """Lead from the end of a trial to the decision that began it."""
    began = queries.began_canary(entries, entry)
    if began is not None and st.button("Show the trial that this ended", type="tertiary"):
        go_to("decisions", urlencode({DECISION: began.sequence}))
