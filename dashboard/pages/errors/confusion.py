"""The confusion matrix whose cells choose images, and the numbers beside it."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from dashboard.components import tables
from dashboard.components.champion import accuracy_interval
from dashboard.components.evaluated_images import EvaluatedImages
from dashboard.components.filters import alternatives
from dashboard.components.matrix import cells, matrix
from dashboard.components.texts import percent
from dashboard.components.verdicts import fault_counts
from dashboard.pages.errors.images import selected_cell, show_cell
from dashboard.pages.errors.queries import confused_pairs, per_digit
from mnist.evaluation.metrics import Evaluation

_PAIRS_SHOWN = 10


def show_confusion(images: EvaluatedImages) -> None:
    """Draw matrix, numbers and most frequent confusions."""
    evaluation = images.predictions.evaluation
    left, right = st.columns([3, 2], gap="large")
    with left:
        _show_matrix(evaluation)
        judged = images.with_verdicts()
        _show_pairs(confused_pairs(judged), fault_counts(judged))
    with right:
        _show_numbers(evaluation)


def _show_matrix(evaluation: Evaluation) -> None:
    content = alternatives("Cells show", ["counts", "rates"], "cells", label_visibility="collapsed")
    rows = cells(evaluation.confusion, rates=content == "rates", selected=selected_cell())
    label = (
        "Confusion matrix: rows are true digits, columns predicted ones. A cell shows its images"
    )
    matrix(rows, label, key="matrix", on_choice=_choose_cell)
    st.caption("Click a cell to see its images below. Rates are shares of the true digit's images.")


def _choose_cell(name: str) -> None:
    true, predicted = (int(digit) for digit in name.split("-"))
    again = selected_cell() == (true, predicted)
    show_cell(*((None, None) if again else (true, predicted)))


def _show_pairs(pairs: pd.DataFrame, faults: Mapping[str, int]) -> None:
    if pairs.empty:
        st.success("Nothing was misclassified.")
        return
    worst = pairs.head(_PAIRS_SHOWN)

    def choose(row: int) -> None:
        show_cell(int(worst["true"].iloc[row]), int(worst["predicted"].iloc[row]))

    st.markdown("**Most confused pairs**")
    tables.choice_table(
        worst,
        "The most frequent confusions; choose one to see its images",
        "pairs",
        choose,
        {"predicted": "predicted as", "share": tables.share("of that digit")},
        height=180,
    )
    counts = ", ".join(f"**{count:,}** {name}" for name, count in faults.items())
    st.markdown(f"Verdicts of people on all of them: {counts}.")


def _show_numbers(evaluation: Evaluation) -> None:
    accuracy = accuracy_interval(evaluation)
    st.markdown(
        f"**{percent(accuracy.estimate)} predicted correctly**, 95 % interval "
        f"{percent(accuracy.low)} to {percent(accuracy.high)}: {evaluation.errors:,} of "
        f"{evaluation.images:,} images are misclassified. Macro F1 {evaluation.macro_f1:.4f}."
    )
    meanings = (
        ("precision", "Of the images predicted as this digit, the share that is one."),
        ("recall", "Of this digit's images, the share that is predicted as one."),
        ("F1", "Harmonic mean of the two."),
    )
    tables.table(
        per_digit(evaluation),
        "Precision, recall, F1 and number of images of each digit",
        {name: tables.share(meaning=meaning) for name, meaning in meanings},
        height="content",
        placeholder="none",
    )
