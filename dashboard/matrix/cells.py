"""What each cell of a confusion matrix says, from counts alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from dashboard.texts import counted, percent


class Cell(TypedDict):
    """One cell: rows are true digits, columns predicted ones.

    Attributes:
        name: True digit and digit read, such as `4-9`.
        text: What stands in it; empty where there is no image.
        alt: The same in words.
        right: Whether it counts what is read correctly.
        heat: 0-1 among the wrong cells, relative to the fullest.
        chosen: Whether its images are shown.
    """

    name: str
    text: str
    alt: str
    right: bool
    heat: float
    chosen: bool


def cells(
    confusion: Sequence[Sequence[int]], *, rates: bool, chosen: tuple[int | None, int | None]
) -> list[list[Cell]]:
    """Lay out a confusion matrix.

    Args:
        confusion: Counts, rows true, columns predicted.
        rates: Whether to write shares of the true digit's images instead of counts.
        chosen: True digit and digit read that are looked at; None stands for all.
    """
    fullest = max(
        (images for t, row in enumerate(confusion) for p, images in enumerate(row) if t != p),
        default=0,
    )
    return [
        [
            _cell(
                (true, read),
                images,
                images / sum(row) if images else 0.0,
                rates=rates,
                heat=0.0 if true == read else images / max(fullest, 1),
                chosen=_covers(chosen, (true, read)),
            )
            for read, images in enumerate(row)
        ]
        for true, row in enumerate(confusion)
    ]


def _cell(
    place: tuple[int, int], images: int, share: float, *, rates: bool, heat: float, chosen: bool
) -> Cell:
    true, read = place
    text = percent(share, 1 if share > 0.5 else 2) if rates else f"{images:,}"
    return Cell(
        name=f"{true}-{read}",
        text=text if images else "",
        alt=f"{true} read as {read}: {counted(images, 'image')}, {percent(share)} of the {true}s",
        right=true == read,
        heat=round(heat, 3),
        chosen=chosen and images > 0,
    )


def _covers(chosen: tuple[int | None, int | None], place: tuple[int, int]) -> bool:
    """Tell whether a choice is about this cell; a choice of everything marks nothing."""
    if chosen == (None, None):
        return False
    return all(wanted in (None, actual) for wanted, actual in zip(chosen, place, strict=True))
