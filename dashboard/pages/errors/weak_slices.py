"""Kinds of images that are predicted worse than the rest, and making one a permanent gate."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.access.actions import set_floor
from dashboard.access.login import person
from dashboard.components import cached, tables
from dashboard.components.batch_rows import versions_of
from dashboard.components.boundary import error_boundary
from dashboard.components.evaluated_images import EvaluatedImages, show_tiles
from dashboard.components.filters import paged
from dashboard.components.texts import code, counted, percent
from dashboard.components.versions import usual_version
from dashboard.pages.errors.production_slices import measured, production_slices
from dashboard.pages.errors.queries import Order, ordered, slice_table
from mnist import services
from mnist.acceptance.sources import source_of
from mnist.digits import Image
from mnist.errors import AccessDenied, InvalidDataset, InvalidInput, ObjectChanged, ObjectGone
from mnist.evaluation import weak_slices
from mnist.evaluation.slice_search import crossed_slices
from mnist.evaluation.statistics import Flags
from mnist.evaluation.weak_slices import SliceReport
from mnist.images import Decoded
from mnist.keys import ObjectVersion, batch_of

_SLICE = "slice"
_ROWS_SHOWN = 15


@st.cache_resource(max_entries=8, show_spinner="Measuring strokes …")
def _slices(version: str) -> dict[str, Flags]:
    images, data = cached.test_images(version), cached.dataset()
    return crossed_slices(images, data.test.labels, data.test_writers)


@st.cache_resource(max_entries=8, show_spinner=False)
def _slice_reports(version: str) -> list[SliceReport]:
    """Measure each slice, the most surely weak first."""
    right = cached.test_predictions(version).frame["right"].to_numpy(bool)
    return weak_slices.slice_reports(right, _slices(version))


@st.cache_resource(max_entries=4, show_spinner="Measuring the images …")
def _production_slices(
    versions: tuple[ObjectVersion, ...], labels: tuple[int, ...], _frame: pd.DataFrame
) -> dict[str, Flags]:
    """Find the slices of labelled images of production; `labels` tells other questions apart."""
    del labels
    current = services.current()
    batches = [batch_of(version.key) for version in versions]
    frame = measured(_frame, [cached.rows(batch).table for batch in sorted({*batches})])
    with ThreadPoolExecutor(current.settings.read_threads) as pool:
        pixels = list(pool.map(_pixels, versions))
    images = [image for image in pixels if image is not None]
    is_here = np.array([image is not None for image in pixels])
    declared = current.settings.acceptance_sources
    sources = [source_of(batch, declared) for batch in batches]
    return production_slices(frame, sources, np.array(images, np.uint8), is_here)


def _pixels(version: ObjectVersion) -> Image | None:
    """Fetch what a model is shown of an image; None if it is gone."""
    try:
        result = services.current().inbox.decode(version)
    except (ObjectGone, ObjectChanged, AccessDenied):
        return None
    return result.pixels if isinstance(result, Decoded) else None


def _measured_slices(images: EvaluatedImages) -> tuple[dict[str, Flags], list[SliceReport]]:
    """Find slices and measure each, the most surely weak first."""
    if images.batch is None:
        return _slices(images.version), _slice_reports(images.version)
    frame = images.predictions.frame
    slices = _production_slices(versions_of(frame), tuple(frame["label"]), frame)
    return slices, weak_slices.slice_reports(frame["right"].to_numpy(bool), slices)


def show_slices(images: EvaluatedImages) -> None:
    """List slices, the surely weak ones first, with the images of one."""
    slices, reports = _measured_slices(images)
    if not reports:
        st.info(
            f"Slices of fewer than {weak_slices.FEWEST_IMAGES} images cannot be told from chance; "
            f"there are {counted(len(images.predictions.frame), 'labelled image')} here."
        )
        return
    weak = sum(report.is_weak() for report in reports)
    st.markdown(
        f"**{counted(weak, 'slice')} of {len(reports)} are predicted worse than the other images** "
        "beyond chance (one-sided exact test, corrected for testing all of them, level 5 %)."
    )
    of_gates = _version_of_gates(images)
    floors = services.current().gate_slices.floors(_dataset(of_gates))
    report = _choose_slice(reports, floors)
    name = report.name
    _show_gate(of_gates, report, floors.get(name), is_production=images.batch is not None)
    frame = images.predictions.frame
    wrong = ordered(frame[slices[name] & ~frame["right"].to_numpy()], Order.LOSS)
    if wrong.empty:
        st.success(f"Nothing in the slice {code(name)} was misclassified.")
        return
    st.markdown(f"**{counted(len(wrong), 'misclassified image')} of the slice {code(name)}**")
    page = paged(wrong, "slice-page")
    show_tiles(images, page, f"Misclassified images, {name}", key="slice-images")


def _version_of_gates(images: EvaluatedImages) -> str:
    """Name the version whose test images gates are about: of production, the champion."""
    return images.version if images.batch is None else usual_version(cached.versions())


def _choose_slice(reports: list[SliceReport], floors: dict[str, float]) -> SliceReport:
    """Draw the table of slices; the address names the one that is looked at."""
    top = reports[:_ROWS_SHOWN]
    tables.choice_table(
        slice_table(top, floors),
        "Slices, the most surely weak first; choose one to see its mistakes",
        "slices-table",
        lambda row: st.query_params.update({_SLICE: top[row].name}),
        {
            "accuracy": tables.share(),
            "elsewhere": tables.share(),
            "p": tables.number(
                "p, corrected", format="%.4f", help="Below .05 it is surely weak (Holm 1979)."
            ),
            "floor": tables.share("gate floor"),
        },
    )
    name = st.query_params.get(_SLICE)
    return next((report for report in reports if report.name == name), reports[0])


def _show_gate(
    version: str, report: SliceReport, floor: float | None, *, is_production: bool
) -> None:
    """Offer to make a slice a gate, or to lift it."""
    if is_production:
        try:
            measured_there = {other.name: other for other in _slice_reports(version)}
        except (InvalidDataset, InvalidInput):
            measured_there = {}
        if report.name not in measured_there:
            st.caption(
                "Gates are measured on the test images, of which this is not known or too few "
                "have it. Import images of this slice as a labelled set to evaluate with: its "
                "accuracy is a gate then."
            )
            return
        report = measured_there[report.name]
    if floor is not None:
        st.info(
            f"The slice {code(report.name)} is a gate: a candidate below {percent(floor, 1)} on it "
            "is refused."
        )
    if not person().is_editor:
        st.caption("An editor can make a slice a permanent gate here.")
        return
    title = "Change or lift this gate" if floor is not None else "Make this slice a permanent gate"
    with st.expander(title), st.form("gate-slice", border=False):
        lowest = st.number_input(
            "Lowest accuracy, %; 0 lifts the gate",
            0.0,
            100.0,
            100 * (report.floor if floor is None else floor),
            0.1,
            help="The usual value is what this version surely has: its lower 95 % bound.",
        )
        why = st.text_input("Why")
        if st.form_submit_button("Record", type="primary"):
            _record(version, report.name, round(lowest / 100, 5), why)


def _record(version: str, name: str, floor: float, why: str) -> None:
    gate_slices, audit = services.current().gate_slices, services.current().audit
    dataset = _dataset(version)
    with error_boundary():
        entry = set_floor(gate_slices, audit, person(), name, floor, dataset=dataset, why=why)
        st.toast(f"Entry {entry.sequence} of the gate slices is recorded.")
        st.rerun()


def _dataset(version: str) -> str:
    return cached.details(version).tags.get("dataset", "unknown")
