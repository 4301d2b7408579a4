"""The images behind a cell or another choice: the controls, then a page at a time."""

import pandas as pd
import streamlit as st

from dashboard.components import cached, tables
from dashboard.components.annotations import choose_tags, columns_for
from dashboard.components.batch_rows import versions_of
from dashboard.components.evaluated_images import EVERY_BATCH, EvaluatedImages, show_tiles
from dashboard.components.filters import FILTER, first_page, paged, range_slider
from dashboard.components.links import url_of
from dashboard.components.selection import MOST_REVIEWED, offer_review, tickets_at
from dashboard.components.texts import counted
from dashboard.components.verdicts import NOT_JUDGED, recorded, verdict_table
from dashboard.pages.errors.queries import (
    LARGEST_ENTROPY,
    LARGEST_LOSS,
    Order,
    as_csv,
    matching,
    ordered,
)
from mnist.digits import CLASSES
from mnist.reviews.verdict import ErrorFault

_TRUE, _PREDICTED, _SHOW = "true", "read", "show"  # in addresses that people have passed on
_WRONG, _ALL, ANY = "misclassified", "all", "any"
_FILE = "predictions.csv"
VERDICTS = [ANY, *map(str, ErrorFault), NOT_JUDGED]
_DIGITS = [ANY, *map(str, range(CLASSES))]
_RANGES = (
    ("confidence", "Confidence", 1.0, "Probability of the predicted digit."),
    ("margin", "Margin", 1.0, "Confidence minus the probability of the next best digit."),
    ("loss", "Loss", LARGEST_LOSS, "Minus the logarithm of the label's probability, in nats."),
    ("entropy", "Entropy", LARGEST_ENTROPY, "How spread the ten probabilities are, in nats."),
)


def show_images(images: EvaluatedImages) -> None:
    """Draw the controls and the images that they leave."""
    values, order = _controls()
    everything = images.with_verdicts()
    chosen = images.carrying(matching(everything, values, _ranges()), choose_tags())
    frame = ordered(chosen, order)
    if frame.empty:
        st.info("No image fits this choice: choose another cell, or widen the ranges.")
        return
    pages = url_of("image")  # known now, and no more when a file is asked for
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(frame):,} of {counted(len(everything), 'image')}**", width="content")
        tables.download("Download as CSV", lambda: _csv(images, frame, pages), _FILE, "text/csv")
        if recorded():
            tables.download(
                "All verdicts as CSV",
                lambda: as_csv(verdict_table(recorded(), pages)),
                "verdicts.csv",
                "text/csv",
                "Every verdict that was given or taken back, on any image.",
            )
        batch = images.batch
        if batch is not None and batch != EVERY_BATCH:
            places = set(versions_of(frame.head(MOST_REVIEWED)))
            offer_review(batch, lambda: tickets_at(cached.rows(batch), places))
        images.offer_annotation(frame)
    show_tiles(images, paged(frame), "Images of the choice")


def _csv(images: EvaluatedImages, frame: pd.DataFrame, pages: str) -> bytes:
    """Write predictions as CSV, each with what people wrote and where its page lies."""
    written = frame.join(columns_for(images.digests(frame)))
    return as_csv(written.assign(page=[f"{pages}?{name}" for name in images.addresses(frame)]))


def selected_cell() -> tuple[int | None, int | None]:
    """Return the true and the predicted digit that are chosen; None stands for any."""
    true, predicted = (
        st.session_state.get(key, st.query_params.get(key, ANY)) for key in (_TRUE, _PREDICTED)
    )
    return _digit(true), _digit(predicted)


def show_cell(true: int | None, predicted: int | None) -> None:
    """Choose the images of one cell, or of all; for callbacks."""
    for key, digit in ((_TRUE, true), (_PREDICTED, predicted)):
        st.session_state[key] = ANY if digit is None else str(digit)
    st.session_state[_SHOW] = _ALL if true is not None and true == predicted else _WRONG
    first_page()


def _controls() -> tuple[dict[str, object], Order]:
    """Draw the boxes; return the value that each column must have, and the order."""
    columns = st.columns([2, 2, 2, 2, 3])
    boxes = (
        ("Show", _SHOW, [_WRONG, _ALL]),
        ("True digit", _TRUE, _DIGITS),
        ("Predicted as", _PREDICTED, _DIGITS),
        ("Verdict", "verdict", VERDICTS),
        ("Order", "by", [str(order) for order in Order]),
    )
    show, true, predicted, verdict, order = (
        column.selectbox(label, options, key=key, **FILTER)
        for column, (label, key, options) in zip(columns, boxes, strict=True)
    )
    right = False if show == _WRONG else None
    values = {
        "label": _digit(true),
        "digit": _digit(predicted),
        "right": right,
        "verdict": None if verdict == ANY else verdict,
    }
    return values, Order(order)


def _ranges() -> dict[str, tuple[float, float]]:
    bounds = {}
    with st.expander("Only images within …"):
        columns = st.columns(4, gap="medium")
        for column, (name, label, largest, meaning) in zip(columns, _RANGES, strict=True):
            with column:
                interval = range_slider(label, name, largest, meaning)
            if interval != (0.0, largest):
                bounds[name] = interval
    return bounds


def _digit(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) == 1 else None
