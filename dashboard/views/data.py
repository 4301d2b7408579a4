"""Data: what the images are like that models learn from, and whether production still is."""

from __future__ import annotations

import random

import streamlit as st

from dashboard import cached_readings, wiring
from dashboard.charts.data import class_chart, density_chart, drift_chart
from dashboard.parts.problems import told
from dashboard.pictures import enlarged
from dashboard.queries import data as queries
from dashboard.texts import code, counted
from mnist.data.datasets import MNIST, Dataset
from mnist.digits import CLASSES

_SEED = "sample"


def show() -> None:
    """Draw the page."""
    st.title("Data")
    with told():
        found = cached_readings.dataset()
        if found.source != MNIST:
            st.warning(
                f"**This is not MNIST.** On this machine there is {code(found.source)}; set "
                "MNIST\\_DATA\\_DIR to the folder of MNIST's four files and start again."
            )
        _samples(found)
        _classes()
        _measures()
        _duplicates(found)
    st.header("Drift", help="What the flow `monitor` finds when it compares days of production.")
    with told():
        _drift()


@st.cache_resource(show_spinner="Measuring the images …")
def _summaries(digest: str) -> dict[str, queries.SetSummary]:  # noqa: ARG001
    found = cached_readings.dataset()
    return {
        "training": queries.summarise(found.train),
        "test": queries.summarise(found.test),
    }


def _sets() -> dict[str, queries.SetSummary]:
    return _summaries(cached_readings.dataset().digest)


def _samples(found: Dataset) -> None:
    st.header("Samples")
    chosen = st.segmented_control(
        "Images",
        ["training", "test"],
        default="training",
        required=True,
        key="set",
        bind="query-params",
    )
    data = found.train if chosen == "training" else found.test
    asked = st.query_params.get(_SEED, "0")
    seed = int(asked) if asked.isdecimal() and len(asked) < 10 else 0
    sheet = queries.samples(data, seed)
    st.image(
        enlarged(sheet, 2 * max(sheet.shape)),
        alt=f"Random {chosen} images, a row for each digit from 0 to 9",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Other samples", on_click=_other)
        st.caption(f"{counted(data.n, 'image')}, digest {code(data.digest[:12])}", width="content")


def _other() -> None:
    st.query_params[_SEED] = str(random.randrange(1_000_000))  # noqa: S311 -- pictures, no secret


def _classes() -> None:
    st.header("Digits")
    sets = _sets()
    shares = queries.class_shares(sets)
    st.altair_chart(class_chart(shares), alt="How frequent each digit is in training and test")
    st.markdown("**Mean training image of each digit**")
    with st.container(horizontal=True, gap="small"):
        for digit in range(CLASSES):
            mean = sets["training"].means[digit]
            st.image(enlarged(mean, 84), alt=f"Mean image of the digit {digit}")


def _measures() -> None:
    st.header("Pixels and strokes")
    sets = _sets()
    for column, (name, found) in zip(st.columns(2), sets.items(), strict=True):
        column.metric(
            f"Mean pixel, {name}",
            f"{found.pixel_mean:.2f}",
            help=f"Of 0-255; standard deviation {found.pixel_std:.2f}.",
        )
    densities = queries.densities(sets)
    for column, measure in zip(st.columns(2) * 2, queries.MEASURES, strict=True):
        column.markdown(f"**{measure.capitalize()}**")
        column.altair_chart(density_chart(densities, measure), alt=f"Distribution of {measure}")
    st.caption(f"Measured on a random sample of at most {queries.MEASURED:,} images of each set.")


def _duplicates(found: Dataset) -> None:
    st.header("Duplicates", help="Test images that a model has learned from would flatter it.")
    pairs = queries.shared_images(found)
    if pairs.empty:
        st.success("No test image is among the training images, pixel for pixel.")
    else:
        st.error(f"{counted(len(pairs), 'test image')} are training images too.")
        st.dataframe(pairs, hide_index=True, alt="Test images that are training images too")
    for name, summary in _sets().items():
        if summary.repeated:
            st.caption(f"{counted(summary.repeated, f'{name} image')} repeat another one.")


def _drift() -> None:
    found = queries.drift(wiring.results_bucket())
    if found.empty:
        st.info(
            "Nothing has been compared yet. `prefect deployment run 'monitor/default'` compares "
            "the images of each day with a reference, and its schedule does so every day."
        )
        return
    days = found[(found["batch"] == "") & found["measure"].notna()]
    last = found[found["batch"] == ""].iloc[-1]
    st.markdown(f"**{last['day']}: {str(last['verdict']).replace('-', ' ')}**")
    st.altair_chart(
        drift_chart(days), alt="Distance of each measure of a day from the reference, by day"
    )
    st.caption("Below .1 a measure is steady; from .2 on, the dashed line, it has moved a lot.")
    moved = found[(found["batch"] != "") & found["has_moved"].fillna(value=False).astype(bool)]
    if not moved.empty:
        st.markdown("**Batches that moved**")
        st.dataframe(
            moved[["day", "batch", "verdict", "measure", "stability"]].iloc[::-1],
            hide_index=True,
            alt="Batches that moved, the newest first",
        )
