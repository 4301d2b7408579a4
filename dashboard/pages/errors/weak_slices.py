"""Kinds of images that are predicted worse than the rest, and making one a permanent gate."""

import streamlit as st

from dashboard.access.actions import set_floor
from dashboard.access.login import person
from dashboard.components import cached, tables
from dashboard.components.boundary import error_boundary
from dashboard.components.evaluated_images import EvaluatedImages, show_tiles
from dashboard.components.filters import paged
from dashboard.components.texts import code, counted, percent
from dashboard.pages.errors.queries import Order, ordered, slice_table
from mnist import services
from mnist.evaluation import weak_slices
from mnist.evaluation.slices import crossed_slices
from mnist.evaluation.statistics import Flags
from mnist.evaluation.weak_slices import SliceReport

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


def show_slices(images: EvaluatedImages) -> None:
    """List slices, the surely weak ones first, with the images of one."""
    if images.batch is not None:
        st.info("Slices are measured on the test images only; choose them above.")
        return
    reports = _slice_reports(images.version)
    weak = sum(report.is_weak() for report in reports)
    st.markdown(
        f"**{counted(weak, 'slice')} of {len(reports)} are predicted worse than the other images** "
        "beyond chance (one-sided exact test, corrected for testing all of them, level 5 %)."
    )
    floors = services.current().gate_slices.floors(_dataset(images))
    report = _choose_slice(reports, floors)
    name = report.name
    _show_gate(images, report, floors.get(name))
    frame = images.predictions.frame
    wrong = ordered(frame[_slices(images.version)[name] & ~frame["right"].to_numpy()], Order.LOSS)
    if wrong.empty:
        st.success(f"Nothing in the slice {code(name)} was misclassified.")
        return
    st.markdown(f"**{counted(len(wrong), 'misclassified image')} of the slice {code(name)}**")
    page = paged(wrong, "slice-page")
    show_tiles(images, page, f"Misclassified images, {name}", key="slice-images")


def _choose_slice(reports: list[SliceReport], floors: dict[str, float]) -> SliceReport:
    """Draw the table of slices; the address names the one that is looked at."""
    top = reports[:_ROWS_SHOWN]
    tables.choice_table(
        slice_table(top, floors),
        "Slices of the test images, the most surely weak first; choose one to see its mistakes",
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


def _show_gate(images: EvaluatedImages, report: SliceReport, floor: float | None) -> None:
    """Offer to make a slice a gate, or to lift it."""
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
            _record(images, report.name, round(lowest / 100, 5), why)


def _record(images: EvaluatedImages, name: str, floor: float, why: str) -> None:
    gate_slices, audit = services.current().gate_slices, services.current().audit
    dataset = _dataset(images)
    with error_boundary():
        entry = set_floor(gate_slices, audit, person(), name, floor, dataset=dataset, why=why)
        st.toast(f"Entry {entry.sequence} of the gate slices is recorded.")
        st.rerun()


def _dataset(images: EvaluatedImages) -> str:
    return cached.details(images.version).tags.get("dataset", "unknown")
