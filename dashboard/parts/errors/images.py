"""The images behind a choice, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from dashboard.gallery import gallery
from dashboard.gallery.reading_tiles import reading_tiles
from dashboard.parts.errors.filters import PAGE, choice
from dashboard.parts.errors.subject import Subject, object_versions
from dashboard.parts.links import go_to, image_of_batch, image_of_test
from dashboard.queries.readings import as_csv, matching, ordered
from dashboard.queries.rows import page_count, page_of
from dashboard.texts import counted
from mnist.evaluation.known_label_errors import known_label_errors

_PER_PAGE = 48


def show_images(subject: Subject) -> None:
    """Draw the controls and the images that they leave."""
    wanted = choice()
    frame = subject.readings.frame
    chosen = ordered(matching(frame, wanted.wanted), wanted.order)
    if chosen.empty:
        st.info("No image fits this choice: choose another cell, or widen the ranges.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(chosen):,} of {counted(len(frame), 'image')}**", width="content")
        st.download_button(
            "Download as CSV",
            lambda: as_csv(chosen),
            file_name="readings.csv",
            mime="text/csv",
            on_click="ignore",
            type="tertiary",
        )
    show_tiles(subject, paged(chosen), "Images of the choice")


def paged(chosen: pd.DataFrame, key: str = PAGE) -> pd.DataFrame:
    """Draw the page numbers where there are several, and cut out the page."""
    pages = page_count(len(chosen), _PER_PAGE)
    number = st.pagination(pages, key=key, bind="query-params") if pages > 1 else 1
    return page_of(chosen, number, _PER_PAGE)


def show_tiles(
    subject: Subject,
    page: pd.DataFrame,
    label: str,
    remarks: Mapping[int, str] | None = None,
    key: str = "gallery",
) -> None:
    """Draw readings as tiles that lead to the page of one image.

    Args:
        subject: Whose readings these are.
        page: At most a page full of them.
        label: What they are, for those who do not see them.
        remarks: Row -> what to add to its tile.
        key: Distinguishes several galleries on one page.
    """
    known = known_label_errors(subject.readings.labels) if subject.batch is None else {}
    shown = reading_tiles(page, subject.pictures(page), addresses(subject, page), known, remarks)
    go_to("image", gallery(shown, label, key))


def addresses(subject: Subject, page: pd.DataFrame) -> list[str]:
    """Name each reading as the page of one image does."""
    if subject.batch is None:
        return [image_of_test(subject.version, int(row)) for row in page.index]
    return [image_of_batch(subject.batch, version) for version in object_versions(page)]
