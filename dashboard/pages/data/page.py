"""The page Data: samples, digits, measures and duplicates of both sets, labelled sets."""

import random

import streamlit as st

from dashboard.components import cached, tables
from dashboard.components.boundary import each_error_once, error_boundary, section
from dashboard.components.filters import alternatives
from dashboard.components.pictures import scaled
from dashboard.components.texts import code, counted
from dashboard.components.titles import page_title
from dashboard.pages.data import queries
from dashboard.pages.data.charts import class_chart, density_chart
from dashboard.pages.data.sets import MEANING, show_sets
from mnist.data.data_sources import MNIST
from mnist.data.datasets import Dataset
from mnist.digits import CLASSES

_SEED = "sample"


@each_error_once()
def show() -> None:
    """Draw the page."""
    page_title("Data")
    with error_boundary():
        data = cached.dataset()
        if data.source != MNIST:
            st.warning(
                f"**This is not MNIST.** On this machine there is {code(data.source)}; set "
                "MNIST\\_DATA\\_DIR to the folder of MNIST's four files and start again."
            )
        _show_samples(data)
        _show_classes()
        _show_measures()
        _show_duplicates(data)
    section("Labelled sets", show_sets, MEANING)


@st.cache_resource(show_spinner="Measuring the images …")
def _summaries(digest: str) -> dict[str, queries.SetSummary]:  # noqa: ARG001
    data = cached.dataset()
    return {"training": queries.summarise(data.train), "test": queries.summarise(data.test)}


def _sets() -> dict[str, queries.SetSummary]:
    return _summaries(cached.dataset().digest)


def _show_samples(data: Dataset) -> None:
    st.header("Samples")
    name = alternatives("Images", ["training", "test"], "set")
    images = data.train if name == "training" else data.test
    text = st.query_params.get(_SEED, "0")
    seed = int(text) if text.isdecimal() and len(text) < 10 else 0
    sheet = queries.samples(images, seed)
    st.image(
        scaled(sheet, 2 * max(sheet.shape)),
        alt=f"Random {name} images, a row for each digit from 0 to 9",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Other samples", on_click=_choose_others)
        text = f"{counted(images.n, 'image')}, digest {code(images.digest[:12])}"
        st.caption(text, width="content")


def _choose_others() -> None:
    st.query_params[_SEED] = str(random.randrange(1_000_000))  # noqa: S311 -- pictures, no secret


def _show_classes() -> None:
    st.header("Digits")
    sets = _sets()
    shares = queries.class_shares(sets)
    st.altair_chart(class_chart(shares), alt="How frequent each digit is in training and test")
    st.markdown("**Mean training image of each digit**")
    with st.container(horizontal=True, gap="small"):
        for digit in range(CLASSES):
            mean = sets["training"].means[digit]
            st.image(scaled(mean, 84), alt=f"Mean image of the digit {digit}")


def _show_measures() -> None:
    st.header("Pixels and strokes")
    sets = _sets()
    for column, (name, summary) in zip(st.columns(2), sets.items(), strict=True):
        column.metric(
            f"Mean pixel, {name}",
            f"{summary.pixel_mean:.2f}",
            help=f"Of 0-255; standard deviation {summary.pixel_std:.2f}.",
        )
    densities = queries.densities(sets)
    for column, measure in zip(st.columns(2) * 2, queries.MEASURES, strict=True):
        column.markdown(f"**{measure.capitalize()}**")
        column.altair_chart(density_chart(densities, measure), alt=f"Distribution of {measure}")
    st.caption(f"Measured on a random sample of at most {queries.MEASURED:,} images of each set.")


def _show_duplicates(data: Dataset) -> None:
    st.header("Duplicates", help="Test images that a model has learned from would flatter it.")
    pairs = queries.shared_images(data)
    if pairs.empty:
        st.success("No test image is among the training images, pixel for pixel.")
    else:
        st.error(f"{counted(len(pairs), 'test image')} are training images too.")
        tables.table(pairs, "Test images that are training images too")
    for name, summary in _sets().items():
        if summary.repeated:
            st.caption(f"{counted(summary.repeated, f'{name} image')} repeat another one.")
