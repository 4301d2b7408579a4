"""Kinds of images that are read worse than the rest, and making one a permanent gate."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import cached_readings, wiring
from dashboard.access.login import person
from dashboard.actions.gates import set_floor
from dashboard.parts.errors.images import paged, show_tiles
from dashboard.parts.errors.subject import Subject
from dashboard.queries.readings import Order, ordered
from dashboard.texts import code, counted, percent, plain
from mnist.errors import MnistError
from mnist.evaluation.weak_slices import SliceReport

_SLICE = "slice"
_TABLE = "slices-table"
_SHOWN = 15


def show_slices(subject: Subject) -> None:
    """List slices, the surely weak ones first, with the images of one."""
    if subject.batch is not None:
        st.info("Slices are measured on the test images only; choose them above.")
        return
    reports = cached_readings.slice_reports(subject.version)
    weak = sum(report.is_weak() for report in reports)
    st.markdown(
        f"**{counted(weak, 'slice')} of {len(reports)} read worse than the other images** beyond "
        "chance (one-sided exact test, corrected for testing all of them, level 5 %)."
    )
    floors = wiring.gate_slices().floors(_source(subject))
    chosen = _choose(reports, floors)
    report = next(each for each in reports if each.name == chosen)
    _gate(subject, report, floors.get(chosen))
    mask = cached_readings.slices(subject.version)[chosen]
    wrong = ordered(
        subject.readings.frame[mask & ~subject.readings.frame["right"].to_numpy()], Order.LOSS
    )
    if wrong.empty:
        st.success(f"Nothing in the slice {code(chosen)} was misread.")
        return
    st.markdown(f"**{counted(len(wrong), 'misread image')} of the slice {code(chosen)}**")
    show_tiles(subject, paged(wrong, "slice-page"), f"Misread images, {chosen}", key="slice-images")


def _choose(reports: list[SliceReport], floors: dict[str, float]) -> str:
    names = [report.name for report in reports]
    asked = st.query_params.get(_SLICE, "")
    chosen = asked if asked in names else names[0]
    shown = reports[:_SHOWN]

    def choose() -> None:
        rows = st.session_state[_TABLE]["selection"]["rows"]
        if rows:
            st.query_params[_SLICE] = shown[rows[0]].name

    st.dataframe(
        _frame(shown, floors),
        key=_TABLE,
        hide_index=True,
        on_select=choose,
        selection_mode="single-row",
        placeholder="",
        alt="Slices of the test images, the most surely weak first; choose one to see its mistakes",
        column_config={
            "accuracy": st.column_config.NumberColumn(format="percent"),
            "elsewhere": st.column_config.NumberColumn(format="percent"),
            "p": st.column_config.NumberColumn(
                "p, corrected", format="%.4f", help="Below .05 it is surely weak (Holm 1979)."
            ),
            "floor": st.column_config.NumberColumn("gate floor", format="percent"),
        },
    )
    return chosen


def _frame(reports: list[SliceReport], floors: dict[str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "slice": report.name,
                "weak": report.is_weak(),
                "images": report.images,
                "misread": report.errors,
                "accuracy": report.accuracy,
                "elsewhere": report.accuracy_elsewhere,
                "p": report.adjusted_p,
                "floor": floors.get(report.name),
            }
            for report in reports
        ]
    )


def _gate(subject: Subject, report: SliceReport, floor: float | None) -> None:
    """Offer to make a slice a gate, or to lift it."""
    if floor is not None:
        st.info(
            f"The slice {code(report.name)} is a gate: a candidate below {percent(floor, 1)} on it "
            "is refused."
        )
    if not person().may_change:
        st.caption("Who may change things can make a slice a permanent gate here.")
        return
    title = "Change or lift this gate" if floor is not None else "Make this slice a permanent gate"
    with st.expander(title), st.form("gate-slice", border=False):
        wanted = st.number_input(
            "Lowest accuracy, %; 0 lifts the gate",
            0.0,
            100.0,
            100 * (report.floor if floor is None else floor),
            0.1,
            help="The usual value is what this version surely has: its lower 95 % bound.",
        )
        why = st.text_input("Why")
        if st.form_submit_button("Record", type="primary"):
            _record(subject, report.name, round(wanted / 100, 5), why)


def _record(subject: Subject, name: str, floor: float, why: str) -> None:
    try:
        entry = set_floor(
            wiring.gate_slices(),
            wiring.audit_log(),
            person(),
            name,
            floor,
            dataset=_source(subject),
            why=why,
        )
    except MnistError as error:
        st.error(plain(str(error)))
        return
    st.toast(f"Entry {entry.sequence} of the gate slices is recorded.")
    st.rerun()


def _source(subject: Subject) -> str:
    return cached_readings.details(subject.version).tags.get("dataset", "unknown")
