"""The page Values: two tables, each line of which leads to its pictures."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard.components import cached, tables
from dashboard.components.batch_list import Status
from dashboard.components.batch_rows import versions_of
from dashboard.components.boundary import each_error_once, error_boundary, warn_of_unreadable
from dashboard.components.filters import BATCH, batch_in_address, first_page, paged, select_name
from dashboard.components.gallery import gallery, row_tiles
from dashboard.components.links import go_to, image_of_batch, show_way_back
from dashboard.components.pictures import Rendering
from dashboard.components.texts import counted, percent, plain
from dashboard.components.titles import page_title
from dashboard.pages.values.queries import (
    Group,
    by_check,
    by_correction,
    values_in,
    written_values,
)
from mnist import services
from mnist.reviews.corrections import Change

_GROUP = "values"


@each_error_once()
def show() -> None:
    """Draw the page."""
    show_way_back()
    add_title = page_title("Values")
    with error_boundary():
        batch = _choose_batch()
        if batch is None:
            return
        add_title(f"batch {batch}")
        current = services.current()
        recorded = current.reviews.recorded()
        warn_of_unreadable(recorded.unreadable, "reviews")
        written = written_values(recorded, current.settings.reviews_needed)
        values = values_in(cached.rows(batch), written)
        if values.empty:
            st.info(
                "This batch holds no value of several digits. Choose another one, or put a "
                "`_LAYOUT.json` into it that says where they are."
            )
            return
        groups = [*_show_checks(values), *_show_corrections(values)]
        _show_pictures(batch, values, groups)


def _choose_batch() -> str | None:
    table = cached.batches().table
    names = table["batch"][~table["status"].isin([Status.EMPTY, Status.WAITING])].tolist()
    if not names:
        st.info("No batch has been scored yet, so there are no values.")
        return None
    unknown = "There is no scored batch {}; here is the newest instead."
    batch = batch_in_address("remembered-values-batch", names, unknown)

    def choose(name: str) -> None:
        st.query_params.pop(_GROUP, None)
        st.query_params[BATCH] = name

    select_name("Batch", names, batch, "values-batch", choose)
    return batch


def _show_checks(values: pd.DataFrame) -> list[Group]:
    st.header("By their check")
    table, groups = by_check(values)
    _choice_table(table, "Values by what their check says; choose one to see them", groups)
    return groups


def _show_corrections(values: pd.DataFrame) -> list[Group]:
    st.header("What people corrected")
    looked_at = values[values["written"].notna()]
    if looked_at.empty:
        st.info("Nobody has looked at values of this batch yet; the page Review asks for it.")
        return []
    right = int((~looked_at["corrections"].map(bool)).sum())
    st.markdown(
        f"**{counted(right, 'value')} of {len(looked_at):,} right as a whole** "
        f"({percent(right / len(looked_at), 1)}). People look at doubtful values first, so this is "
        "no share of all; Overview has what audits say."
    )
    table, groups = by_correction(values)
    if table.empty:
        return []
    meanings = " ".join(f"{change}: {change.sentence}" for change in Change)
    _choice_table(
        table,
        "What people corrected, the most frequent first; choose one to see the values",
        groups,
        {"change": st.column_config.TextColumn(help=meanings), "written": "is written"},
    )
    return groups


def _choice_table(
    table: pd.DataFrame, alt: str, groups: Sequence[Group], columns: object = None
) -> None:
    def choose(row: int) -> None:
        st.query_params[_GROUP] = groups[row].name
        first_page()

    tables.choice_table(table, alt, f"values-{alt[:12]}", choose, columns)


def _show_pictures(batch: str, values: pd.DataFrame, groups: Sequence[Group]) -> None:
    name = st.query_params.get(_GROUP)
    group = next((group for group in groups if group.name == name), None)
    if group is None:
        st.caption("Choose a line of a table, and its values are shown here.")
        return
    frame = values.loc[list(group.rows)]
    st.markdown(f"**{counted(len(frame), 'value')}.** {plain(group.sentence)}")
    page = paged(frame)
    versions = versions_of(page)
    # What people found stands where remarks do.
    corrected = page["written"].map(lambda text: f"people: {text}" if isinstance(text, str) else "")
    page = page.assign(remarks=corrected)
    addresses = [image_of_batch(batch, version) for version in versions]
    tiles = row_tiles(page, cached.thumbnails(versions, Rendering.ORIGINAL), addresses)
    go_to("image", gallery(tiles, f"Values of batch {batch}"))
