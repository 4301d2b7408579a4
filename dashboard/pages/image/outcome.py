"""What was recorded for an object of a batch: the outcome, why, and what to do about it."""

from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from dashboard.components.batch_rows import Decision, remark_sentences
from dashboard.components.links import go_to
from dashboard.components.texts import code, percent, plain
from mnist.digits import Outcome

_REJECTED = (
    "What to do: put a better file into the inbox under the same name, and it is scored by itself. "
    "If a limit, a right in the store or this program was mended, have the batch's rejects scored "
    "again on the page Batches."
)
_NO_DIGIT = (
    "What to do: look whether the right thing was put into the inbox. If it is a digit after all, "
    "say which on the page Review, in the queue of what is not a digit: that is learned."
)
_REVIEW = "What to do: say on the page Review which digit it is; what people agree on is learned."


def show_outcome(batch: str, row: pd.Series) -> None:
    """Draw the box on top of the page, and the button that leads on."""
    decision = Decision(row["decision"])
    if decision is Decision.REJECTED:
        st.error("\n\n".join([f"**Rejected.** {_why(row)}", _REJECTED]))
        return
    if decision is Decision.EMPTY:
        st.info("**Empty.** Nothing is written in this place, so nobody needs to look at it.")
        return
    if decision is Decision.NOT_A_DIGIT:
        would = f"If it were a digit, it would most likely be a {row['value']}."
        st.warning("\n\n".join([f"**Not a digit**, says the model. {would}", _NO_DIGIT]))
        if st.button("Review this queue"):
            go_to("review", urlencode({"batch": batch, "queue": Outcome.NOT_A_DIGIT}))
        return
    prediction = (
        f"Recorded on {row['scored_at']:%Y-%m-%d %H:%M} UTC by {plain(str(row['model']))}: "
        f"{row['value']}, confidence {percent(float(row['confidence']))}, {decision}."
    )
    if decision is Decision.ACCEPTED:
        st.success(f"**Accepted.** No person needs to look at it. {prediction}")
        return
    why = _why(row) or "The confidence is too low to be accepted unseen."
    st.warning("\n\n".join([f"**For review.** {why}", prediction, _REVIEW]))
    if st.button("Review this batch"):
        go_to("review", urlencode({"batch": batch}))


def _why(row: pd.Series) -> str:
    """Give every reason or warning with its code, and the detail that was recorded with it."""
    sentences = [
        f"{plain(text)} ({code(remark)})" for remark, text in remark_sentences(str(row["remarks"]))
    ]
    if isinstance(row["detail"], str) and row["detail"]:
        sentences.append(f"Recorded detail: {plain(row['detail'])}")
    return " ".join(sentences)
