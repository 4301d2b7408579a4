"""The page Drift: the strip of days, one of them or a batch of it, its measures and its images."""

from urllib.parse import urlencode

import pandas as pd
import pyarrow as pa
import streamlit as st

from dashboard.components import cached, drift, tables
from dashboard.components.batch_rows import versions_of
from dashboard.components.boundary import (
    each_error_once,
    error_boundary,
    section,
    warn_of_unreadable,
)
from dashboard.components.filters import BATCH, name_in_address, select_name
from dashboard.components.gallery import gallery, row_tiles
from dashboard.components.links import go_to, image_of_batch, show_way_back
from dashboard.components.pictures import Rendering
from dashboard.components.texts import code, plain
from dashboard.components.titles import page_title
from dashboard.pages.drift import queries
from dashboard.pages.drift.charts import CHOICE, distribution_chart, history_chart, strip_chart
from mnist import services
from mnist.monitoring.causes import Cause
from mnist.monitoring.drift import Limits, Verdict
from mnist.monitoring.report import WHOLE_DAY

_DAY, _MEASURE = "day", "measure"
_SAMPLES = 24
_BATCHES_SAMPLED = 4


@each_error_once()
def show() -> None:
    """Draw the page."""
    show_way_back()
    add_title = page_title("Drift")
    with error_boundary():
        entries = services.current().monitoring_log.reports.entries(last=drift.REPORTS_SHOWN)
        warn_of_unreadable(entries.unreadable, "reports")
        findings = drift.findings(entries)
        if findings.empty:
            st.info(
                "Nothing has been compared yet. `prefect deployment run 'monitor/default'` "
                "compares the images of each day with a reference, and its schedule does so daily."
            )
            return
        day, batch = _choose(findings)
        add_title(f"{day}, batch {batch}" if batch else day)
        _show_verdict(findings, day, batch)
        _show_measures(findings, day, batch)
        section("What they look like", lambda: _show_samples(findings, day, batch))


def _choose(findings: pd.DataFrame) -> tuple[str, str]:
    """Ask for a day, by the strip or the box, and for the day as a whole or a batch of it."""
    days = queries.days_of(findings)
    unknown = "There is no report about {}; here is the newest day instead."
    day = name_in_address(_DAY, days, days[0], unknown)

    def choose_day(other: str) -> None:
        st.query_params.from_dict({_DAY: other})

    def clicked() -> None:
        points = st.session_state["drift-strip"]["selection"][CHOICE]
        if points:
            choose_day(str(points[0][_DAY]))

    st.altair_chart(
        strip_chart(queries.verdicts(findings), day),
        key="drift-strip",
        on_select=clicked,
        selection_mode=[CHOICE],
        alt="The verdict of each day, and the gravest of its batches",
    )
    left, right = st.columns(2)
    with left:
        select_name("Day", days, day, "drift-day", choose_day)
    names = queries.scopes(findings, day)
    batch = st.query_params.get(BATCH, WHOLE_DAY)
    if batch not in names:
        st.warning(f"Batch {code(batch)} was not compared on that day; the whole day is shown.")
        batch = WHOLE_DAY
    with right:
        select_name(
            "Of it",
            names,
            batch,
            "drift-batch",
            lambda other: st.query_params.update({BATCH: other}),
            format_func=lambda name: name or "the whole day",
        )
    return day, batch


def _show_verdict(findings: pd.DataFrame, day: str, batch: str) -> None:
    of_scope = findings[(findings["day"].astype(str) == day) & (findings["batch"] == batch)]
    if of_scope.empty:
        st.info("The whole day was not judged, only batches of it.")
        return
    last = of_scope.iloc[-1]
    sentence = next((v.sentence for v in Verdict if v == last["verdict"]), "")
    st.markdown(f"**{plain(str(last['verdict']).replace('-', ' ').capitalize())}.** {sentence}")
    codes = last["causes"] if hasattr(last["causes"], "__len__") else ()
    causes = [cause for cause in Cause if cause in set(codes)]
    st.markdown("\n".join(f"- **{cause}**: {cause.sentence}" for cause in causes))
    if batch and st.button("Open the batch", type="tertiary"):
        go_to("batches", urlencode({BATCH: batch}))


def _show_measures(findings: pd.DataFrame, day: str, batch: str) -> None:
    frame = queries.measures(findings, day, batch)
    if frame.empty:
        st.info("There were too few images to compare any measure.")
        return
    names = frame["measure"].tolist()
    measure = st.query_params.get(_MEASURE, names[0])
    measure = measure if measure in names else names[0]
    left, right = st.columns([2, 3], gap="large")
    with left:
        tables.choice_table(
            frame,
            "Measures, those that moved first; choose one to see how it is distributed",
            "drift-measures",
            lambda row: st.query_params.update({_MEASURE: names[row]}),
            {
                "stability": tables.number("stability index", format="%.3f"),
                "then": tables.number("reference", format="%.4g"),
                "now": tables.number(format="%.4g"),
                "speaks_of": "speaks of",
            },
        )
        st.caption(
            f"From a stability index of {Limits().stability:g} on a measure has moved, if a test "
            "says as well that it is not chance. Measures are compared within each digit."
        )
    with right:
        st.altair_chart(
            history_chart(queries.history(findings, batch, measure), measure),
            alt=f"Stability index of {measure} by day, with the limit",
        )
        with error_boundary():
            _show_distribution(day, batch, measure)


@st.cache_resource(max_entries=8, ttl=600, show_spinner="Fetching the rows of that day …")
def _rows(day: str) -> dict[str, pa.Table]:
    return services.current().monitoring.rows(pd.Timestamp(day).date(), 1)


@st.cache_resource(ttl=60, show_spinner=False)
def _reference() -> pa.Table | None:
    return services.current().monitoring_log.reference()


def _show_distribution(day: str, batch: str, measure: str) -> None:
    reference, by_batch = _reference(), _rows(day)
    now = queries.joined(rows for name, rows in by_batch.items() if batch in (WHOLE_DAY, name))
    if reference is None or now is None:
        st.info("Its rows or those of the reference are no longer there to be counted.")
        return
    counted = queries.distribution(reference, now, measure)
    if counted.empty:
        st.info(f"No row of that day has the measure {measure}.")
        return
    st.altair_chart(
        distribution_chart(counted, measure),
        alt=f"How {measure} is distributed in the reference and on {day}",
    )
    st.caption("The newest reference; a report may have been made with an earlier one.")


def _show_samples(findings: pd.DataFrame, day: str, batch: str) -> None:
    """Draw some images of the batch, or of the batches of the day that changed most."""
    batches = [batch] if batch else queries.scopes(findings, day)[1 : 1 + _BATCHES_SAMPLED]
    shown = False
    for name in batches:
        page = queries.of_day(cached.rows(name).frame, day, _SAMPLES // len(batches))
        if page.empty:
            continue
        shown = True
        versions = versions_of(page)
        addresses = [image_of_batch(name, version) for version in versions]
        tiles = row_tiles(page, cached.thumbnails(versions, Rendering.ORIGINAL), addresses)
        st.markdown(f"Batch {code(name)}")
        go_to("image", gallery(tiles, f"Images of batch {name}", key=f"drift-{name}"))
    if not shown:
        st.info("None of its images is recorded any more.")
