"""A value to look at: its picture, and what is predicted if a person cuts it otherwise."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import streamlit as st

from dashboard.components import cached
from dashboard.components.cuts import cuts
from dashboard.components.keypad import propose_value
from dashboard.components.pictures import png, scaled
from dashboard.components.texts import percent
from mnist import services
from mnist.errors import MnistError
from mnist.layouts.drawn_cuts import CutDigit, can_be_cut, digits_between
from mnist.reviews.review import Box
from mnist.reviews.ticket import Ticket
from mnist.storage.sheets import CutPlace

_WIDTH = 480
_CROP_SIDE = 56


def show_value(ticket: Ticket, *, is_blind: bool) -> Ticket:
    """Draw the crop of a value, with its cuts unless they would tell how many digits it has.

    Returns:
        The ticket, with the cuts if the reviewer has changed them.
    """
    place = services.current().inbox.cut_out(ticket.version)
    if ticket.audit or is_blind or not can_be_cut(place.cut) or not ticket.boxes:
        st.image(scaled(place.crop, _WIDTH), alt="The place, as it came")
        return ticket
    left, right = place.cut.box[0], place.cut.box[2]
    first = [(column - left) / (right - left) for column in first_cuts(ticket.boxes)]
    shares = cuts(
        png(scaled(place.crop, _WIDTH)), first, "The place with its cuts", f"cuts-{ticket.sha256}"
    )
    if shares == first:
        return ticket
    columns = tuple(left + round(share * (right - left)) for share in shares)
    _propose(ticket, place, columns)
    return replace(ticket, cuts=columns)


def first_cuts(boxes: Sequence[Box]) -> list[float]:
    """Say where a value was cut: in the middle between the boxes of its digits, on the page."""
    return sorted((before[2] + after[0]) / 2 for before, after in pairwise(boxes))


def _propose(ticket: Ticket, place: CutPlace, columns: Sequence[int]) -> None:
    """Predict what lies between the cuts, draw it, and begin the answer with it."""
    digits = digits_between(place.picture, place.cut, columns)
    if not digits:
        st.caption("Cut like this, nothing is as tall as a digit.")
        return
    try:
        predictor = cached.predictor(ticket.model_version)
    except MnistError:
        predictor = cached.predictor(services.current().registry.champion().version)
    images = np.stack([digit.image for digit in digits])
    probabilities = predictor.outputs(images).probabilities
    value = "".join(str(digit) for digit in probabilities.argmax(axis=1))
    _show_digits(digits, value, probabilities.max(axis=1).tolist())
    propose_value(ticket, value, columns)


def _show_digits(digits: Sequence[CutDigit], value: str, sure: Sequence[float]) -> None:
    st.caption(f"Cut like this, the model predicts {value}.")
    st.image(
        [scaled(digit.image, _CROP_SIDE) for digit in digits],
        caption=[f"{sign}, {percent(share, 0)}" for sign, share in zip(value, sure, strict=True)],
        width=_CROP_SIDE,
    )
