"""The buttons and keys that label an image, and taking an answer back."""

from collections.abc import Sequence

import streamlit as st

from dashboard.access.actions import record_answer, take_back_answer
from dashboard.access.login import person
from dashboard.components.boundary import ActionResult, remember_result
from dashboard.components.texts import code
from mnist import services
from mnist.reviews.agreement import Consensus
from mnist.reviews.review import Answer
from mnist.reviews.ticket import Ticket

TAKEN_BACK = "review-again"
"""Key of the session under which the image is whose answer was just taken back."""

_RESULT = "review-result"
_PROPOSED = "proposed-value"
_DIGITS = [answer for answer in Answer if answer.digit is not None]


def ticket_of(consensus: Consensus) -> Ticket:
    """Ask again about an image that somebody has answered for."""
    first = consensus.reviews[0]
    return Ticket(
        first.version,
        consensus.sha256,
        first.read_as,
        first.model_version,
        0.0,
        (),
        first.confidence,
        audit=consensus.is_audit,
        read_value=first.read_value,
        boxes=first.boxes,
    )


def show_keypad(
    ticket: Ticket | None, question: str = "Which digit do you see?", *, is_blind: bool = False
) -> None:
    """Draw the buttons for editors, each with its key, and what came of the last one.

    Args:
        ticket: What an answer is about; without one no digit can be answered.
        question: Stands above the buttons.
        is_blind: Whether a predicted value is not to be shown.
    """
    if not person().is_editor:
        st.info("You are a viewer. Log out and log in with the editors' password to label images.")
        return
    if ticket is not None and ticket.read_value is not None:
        _show_value_form(ticket, is_blind=is_blind or ticket.audit)
    else:
        st.markdown(f"**{question}** Press its key, or:")
        with st.container(horizontal=True):
            for digit in _DIGITS:
                _button(str(digit), str(digit), ticket, digit)
    with st.container(horizontal=True):
        _button("Not a digit", "x", ticket, Answer.NOT_A_DIGIT)
        _button("Unsure", "u", ticket, Answer.UNSURE)
        st.button(
            "Take back my last answer",
            shortcut="z",
            key="answer-z",
            on_click=remember_result,
            args=(_RESULT, _take_back),
        )
    result = st.session_state.get(_RESULT)
    if result is not None:
        st.caption(result.text)


def _show_value_form(ticket: Ticket, *, is_blind: bool) -> None:
    """Ask for a value as text; it begins with the predicted one, so that Enter confirms it."""
    key = f"blind-{_value_key(ticket)}" if is_blind else _value_key(ticket)
    st.session_state.setdefault(key, "" if is_blind else ticket.read_value)
    with st.form(f"form-{ticket.sha256}", border=False):
        st.text_input(
            "**What is written there?** Its digits, with leading zeros; Enter records it.",
            max_chars=80,
            key=key,
        )
        st.form_submit_button(
            "Record the value",
            key="answer-value",
            on_click=remember_result,
            args=(_RESULT, lambda: _record_value(ticket, st.session_state[key]), "Not recorded: "),
        )


def propose_value(ticket: Ticket, value: str, cuts: Sequence[int]) -> None:
    """Let the answer about a value begin with another one, once for each way to cut it."""
    proposed = ticket.sha256, tuple(cuts)
    if st.session_state.get(_PROPOSED) != proposed:
        st.session_state[_PROPOSED] = proposed
        st.session_state[_value_key(ticket)] = value


def _value_key(ticket: Ticket) -> str:
    return f"value-{ticket.sha256}"


def _record_value(ticket: Ticket, value: str) -> ActionResult:
    for key in (TAKEN_BACK, _PROPOSED):
        st.session_state.pop(key, None)
    review = record_answer(services.current().reviews, person(), ticket, None, value)
    return ActionResult(f"Recorded {code(review.value or '')} for {code(review.key)}.")


def _button(label: str, key: str, ticket: Ticket | None, answer: Answer) -> None:
    st.button(
        label,
        shortcut=key,
        key=f"answer-{key}",
        disabled=ticket is None,
        on_click=remember_result,
        args=(_RESULT, lambda: _record(ticket, answer), "Not recorded: "),
    )


def _record(ticket: Ticket | None, answer: Answer) -> ActionResult:
    st.session_state.pop(TAKEN_BACK, None)
    assert ticket is not None  # noqa: S101 -- the button is disabled without one
    review = record_answer(services.current().reviews, person(), ticket, answer)
    return ActionResult(f"Recorded {code(answer)} for {code(review.key)}.")


def _take_back() -> ActionResult:
    review = take_back_answer(services.current().reviews, person())
    st.session_state[TAKEN_BACK] = review.sha256
    return ActionResult(f"Taken back: {code(str(review.reply))} for {code(review.key)}.")
