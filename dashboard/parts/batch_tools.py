"""What can be done with one batch: prove its receipt, review it, score its rejects again."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from dashboard import cached, wiring
from dashboard.access.login import person
from dashboard.actions.batches import score_rejects_again
from dashboard.parts.links import go_to
from dashboard.texts import counted, plain
from mnist.digits import Outcome
from mnist.errors import MnistError
from mnist.scoring.receipts import Receipt
from mnist.scoring.verification import find_problems

_TOLD = "batch-told"
_WHY = "rejects-why"


def show_tools(batch: str, receipt: Receipt) -> None:
    """Draw the tools, and what came of the one used last."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Review this batch", key="review-batch-now"):
            go_to("review", urlencode({"batch": batch}))
        st.button(
            "Verify the receipt",
            key="verify",
            on_click=_verify,
            args=(receipt,),
            help="Reads every part again and holds it against the receipt's digests and sums.",
        )
    told = st.session_state.pop(_TOLD, None)
    if told is not None:
        (st.success if told[0] else st.error)(told[1])
    rejects = receipt.outcomes.get(Outcome.REJECTED, 0)
    if rejects and person().may_change:
        with st.expander(f"Score {counted(rejects, 'reject')} again"), st.form("rejects"):
            st.markdown(
                "Rejected images are read again, as after a fix of the store or of this program. "
                "Images that have a digit keep it."
            )
            st.text_input("Why?", key=_WHY, max_chars=500)
            st.form_submit_button("Score rejects again", on_click=_again, args=(batch,))


def _verify(receipt: Receipt) -> None:
    try:
        with st.spinner(f"Reading {counted(len(receipt.parts), 'part')} again"):
            problems = find_problems(receipt, wiring.results().parts(receipt.batch))
        wiring.verifications().record(receipt, person().name, problems)
    except MnistError as error:
        st.session_state[_TOLD] = False, plain(str(error))
        return
    cached.forget_batches()
    if problems:
        st.session_state[_TOLD] = False, "\n".join(f"- {plain(problem)}" for problem in problems)
        return
    st.session_state[_TOLD] = (
        True,
        f"The receipt holds: {counted(len(receipt.parts), 'part')} with the stated digests, "
        f"{counted(receipt.listing.count, 'image')} with exactly one outcome each.",
    )


def _again(batch: str) -> None:
    try:
        run = score_rejects_again(
            wiring.prefect_api(),
            wiring.audit_log(),
            person(),
            batch,
            st.session_state[_WHY],
        )
    except MnistError as error:
        st.session_state[_TOLD] = False, plain(str(error))
        return
    page = wiring.orchestrator().page_url
    link = f" [Its run in Prefect]({page}/runs/flow-run/{run})" if page else ""
    st.session_state[_TOLD] = True, f"A run has started.{link}"
