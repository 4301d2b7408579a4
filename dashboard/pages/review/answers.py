"""The buttons and keys that label an image, and taking an answer back."""

import streamlit as st

from dashboard.access.actions import record_answer, take_back_answer
from dashboard.access.login import person
from dashboard.components import cached
from dashboard.components.boundary import ActionResult, remember_result
from dashboard.components.pictures import Rendering
from dashboard.components.texts import code
from dashboard.pages.review.queries import Work
from mnist import services
from mnist.reviews.review import Answer
from mnist.reviews.ticket import Ticket

_AGAIN = "review-again"
_RESULT = "review-result"
_DIGITS = [answer for answer in Answer if answer.digit is not None]


def next_ticket(work: Work) -> Ticket | None:
    """Take the first of the queue, or the image whose answer was just taken back.

    Nobody can answer for a picture that nobody can see: what was deleted or overwritten is left
    out.
    """
    again = st.session_state.get(_AGAIN)
    taken_back = [ticket for ticket in work.tickets if ticket.sha256 == again]
    tickets = [*taken_back, *work.tickets]
    return next((ticket for ticket in tickets if not _is_gone(ticket)), None)


def _is_gone(ticket: Ticket) -> bool:
    (picture,) = cached.thumbnails((ticket.version,), Rendering.ORIGINAL)
    return picture.is_gone


def show_buttons(ticket: Ticket | None) -> None:
    """Draw the buttons for editors, and what came of the last one."""
    if not person().is_editor:
        st.info("You are a viewer. Log out and log in with the editors' password to label images.")
        return
    if ticket is not None and ticket.read_value is not None:
        _show_value_form(ticket, ticket.read_value)
    else:
        st.markdown("**Which digit do you see?** Press its key, or:")
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


def _show_value_form(ticket: Ticket, value: str) -> None:
    """Ask for a value as text; it begins with the predicted one, so that Enter confirms it."""
    key = f"value-{ticket.sha256}"
    with st.form(f"form-{ticket.sha256}", border=False):
        st.text_input(
            "**What is written there?** Its digits, with leading zeros; Enter records it.",
            value,
            max_chars=80,
            key=key,
        )
        st.form_submit_button(
            "Record the value",
            key="answer-value",
            on_click=remember_result,
            args=(_RESULT, lambda: _record_value(ticket, st.session_state[key]), "Not recorded: "),
        )


def _record_value(ticket: Ticket, value: str) -> ActionResult:
    st.session_state.pop(_AGAIN, None)
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
    st.session_state.pop(_AGAIN, None)
    assert ticket is not None  # noqa: S101 -- the button is disabled without one
    review = record_answer(services.current().reviews, person(), ticket, answer)
    return ActionResult(f"Recorded {code(answer)} for {code(review.key)}.")


def _take_back() -> ActionResult:
    review = take_back_answer(services.current().reviews, person())
    st.session_state[_AGAIN] = review.sha256
    return ActionResult(f"Taken back: {code(str(review.reply))} for {code(review.key)}.")
