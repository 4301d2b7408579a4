"""The controls that choose readings. Their values stand in the address of the page."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboard.queries.readings import LARGEST_ENTROPY, LARGEST_LOSS, Order, ReadingFilter
from mnist.digits import CLASSES

PAGE = "page"
TRUE = "true"
READ = "read"
_SHOW = "show"
_MISREAD, _ALL = "misread", "all"
_ANY = "any"
_DIGITS = [_ANY, *map(str, range(CLASSES))]
_RANGES = (
    ("confidence", "Confidence", 1.0, "Probability of the digit that was read."),
    ("margin", "Margin", 1.0, "Confidence minus the probability of the next best digit."),
    ("loss", "Loss", LARGEST_LOSS, "Minus the logarithm of the label's probability, in nats."),
    ("entropy", "Entropy", LARGEST_ENTROPY, "How spread the ten probabilities are, in nats."),
)


@dataclass(frozen=True)
class Choice:
    """What a person chose to see: which readings, in which order."""

    wanted: ReadingFilter
    order: Order


def chosen_cell() -> tuple[int | None, int | None]:
    """Return true digit and digit read that are chosen; None stands for any."""
    true, read = (st.session_state.get(key, st.query_params.get(key, _ANY)) for key in (TRUE, READ))
    return _digit(true), _digit(read)


def show_cell(true: str | None, read: str | None) -> None:
    """Choose the images of one cell, or of all; for callbacks."""
    st.session_state[TRUE], st.session_state[READ] = true or _ANY, read or _ANY
    st.session_state[_SHOW] = _ALL if true is not None and true == read else _MISREAD
    first_page()


def first_page() -> None:
    """Go back to page 1."""
    st.session_state[PAGE] = 1


def choice() -> Choice:
    """Draw the controls and return what they say."""
    show, true, read, order = st.columns([1, 1, 1, 2])
    with show:
        shown = _select("Show", _SHOW, [_MISREAD, _ALL])
    with true:
        label = _select("True digit", TRUE, _DIGITS)
    with read:
        digit = _select("Read as", READ, _DIGITS)
    with order:
        chosen_order = _select("Order", "by", [str(each) for each in Order])
    between = _ranges()
    wanted = ReadingFilter(_digit(label), _digit(digit), shown == _MISREAD, between)
    return Choice(wanted, Order(chosen_order))


def _select(label: str, key: str, options: list[str]) -> str:
    return st.selectbox(label, options, key=key, bind="query-params", on_change=first_page)


def _ranges() -> dict[str, tuple[float, float]]:
    between = {}
    with st.expander("Only images within …"):
        for column, (name, label, largest, meaning) in zip(
            st.columns(4, gap="medium"), _RANGES, strict=True
        ):
            with column:
                chosen = st.slider(
                    label,
                    0.0,
                    largest,
                    (0.0, largest),
                    key=name,
                    bind="query-params",
                    on_change=first_page,
                    help=meaning,
                )
            if chosen != (0.0, largest):
                between[name] = chosen
    return between


def _digit(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) == 1 else None
