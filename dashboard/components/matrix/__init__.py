"""A confusion matrix whose cells can be clicked, reached by keyboard and heard."""

from collections.abc import Callable, Sequence
from typing import TypedDict

import streamlit as st

from dashboard.components.browser import browser_component
from dashboard.components.texts import counted, percent


class Cell(TypedDict):
    """One cell: rows are true digits, columns predicted ones.

    Attributes:
        name: True and predicted digit, such as `4-9`.
        text: What stands in it; empty where there is no image.
        alt: The same in words.
        right: Whether it counts correct predictions.
        heat: 0-1 among the wrong cells, relative to the fullest.
        selected: Whether its images are shown.
    """

    name: str
    text: str
    alt: str
    right: bool
    heat: float
    selected: bool


def matrix(rows: list[list[Cell]], label: str, key: str, on_choice: Callable[[str], None]) -> None:
    """Draw ten rows of ten cells.

    Args:
        rows: True digit by true digit, in each the predicted digits.
        label: What the matrix shows, for those who do not see it.
        key: Of the component.
        on_choice: Is called with the name of a cell that was clicked, such as `4-9`.
    """

    def choose() -> None:
        name = st.session_state[key].clicked
        if name:
            on_choice(name)

    browser_component("matrix")(
        data={"rows": rows, "label": label}, key=key, on_clicked_change=choose
    )


def fullest_cell(confusion: Sequence[Sequence[int]]) -> int:
    """Count the images of the most frequent confusion."""
    return max(
        (images for t, row in enumerate(confusion) for p, images in enumerate(row) if t != p),
        default=0,
    )


def cells(
    confusion: Sequence[Sequence[int]],
    *,
    rates: bool,
    selected: tuple[int | None, int | None] = (None, None),
    fullest: int | None = None,
) -> list[list[Cell]]:
    """Lay out a confusion matrix.

    Args:
        confusion: Counts, rows true, columns predicted.
        rates: Whether to write shares of the true digit's images instead of counts.
        selected: True and predicted digit that are looked at; None stands for all.
        fullest: Images of a wrong cell in the strongest colour; that of this matrix if left out.
    """
    most = fullest_cell(confusion) if fullest is None else fullest

    def cell(true: int, predicted: int) -> Cell:
        images = confusion[true][predicted]
        share = images / sum(confusion[true]) if images else 0.0
        text = percent(share, 1 if share > 0.5 else 2) if rates else f"{images:,}"
        amount = f"{counted(images, 'image')}, {percent(share)} of the {true}s"
        return Cell(
            name=f"{true}-{predicted}",
            text=text if images else "",
            alt=f"{true} predicted as {predicted}: {amount}",
            right=true == predicted,
            heat=0.0 if true == predicted else round(images / max(most, 1), 3),
            selected=images > 0 and _covers(selected, (true, predicted)),
        )

    return [
        [cell(true, predicted) for predicted in range(len(row))]
        for true, row in enumerate(confusion)
    ]


def _covers(selected: tuple[int | None, int | None], place: tuple[int, int]) -> bool:
    """Tell whether a selection is about this cell; a selection of everything marks nothing."""
    if selected == (None, None):
        return False
    return all(digit in (None, actual) for digit, actual in zip(selected, place, strict=True))
