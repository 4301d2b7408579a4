"""Two versions on the same test images: the test, and the images of each kind."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboard.components import cached
from dashboard.components.annotations import choose_tags
from dashboard.components.boundary import error_boundary, section
from dashboard.components.evaluated_images import EvaluatedImages, show_tiles
from dashboard.components.filters import alternatives, paged
from dashboard.components.texts import counted, plain
from dashboard.components.versions import choose_version, usual_version
from dashboard.pages.compare.charts import training_chart
from dashboard.pages.compare.matrices import show_matrices
from dashboard.pages.compare.queries import Difference, Fate, difference, history
from dashboard.pages.compare.thresholds import show_digits, show_thresholds
from mnist import services
from mnist.registry.records import Version

_ALPHA = 0.05
_MATRICES = "What each version confuses on the same test images, in colours of one scale."
_EXPLORED = (
    "What a threshold accepts unseen and what of that is wrong: on the test images, on audited "
    "images and on labelled sets, which nobody chose for their confidence."
)
_MEANING = {
    Fate.FIXED: "misclassified by the first, predicted correctly by the second",
    Fate.BROKEN: "predicted correctly by the first, misclassified by the second",
    Fate.STILL_WRONG: "misclassified by both",
}


def show_versions(versions: list[Version], add_title: Callable[[str], None]) -> None:
    """Ask for two versions, at first champion and newest other one, and show what changed.

    `add_title` has the page's title name them.
    """
    champion = usual_version(versions)
    newest = next(v.version for v in versions if v.version != champion)
    earlier, later = sorted((champion, newest), key=int)
    left, right = st.columns(2)
    with left:
        first = choose_version("First", "first", versions, earlier)
    with right:
        second = choose_version("Second", "second", versions, later)
    add_title(f"versions {first} and {second}")
    if first == second:
        st.info("Choose two different versions. Two retrainings make two versions.")
        return
    with error_boundary():
        comparison = _difference(first, second)
        _show_verdict(comparison, first, second)
        _show_images(comparison, second)
        section("Confusion matrices", lambda: show_matrices(first, second), _MATRICES)
        section("Digit by digit", lambda: show_digits(first, second))
        section("Threshold", lambda: show_thresholds(first, second), _EXPLORED)
    section("Training curves", lambda: _show_curves(first, second))


@st.cache_resource(max_entries=8, show_spinner="Comparing image by image …")
def _difference(first: str, second: str) -> Difference:
    return difference(cached.test_predictions(first), cached.test_predictions(second))


def _show_verdict(comparison: Difference, first: str, second: str) -> None:
    for column, fate in zip(st.columns(3), Fate, strict=True):
        column.metric(
            fate.capitalize(),
            f"{comparison.count(fate):,}",
            help=f"Images {_MEANING[fate]}.",
            border=True,
        )
    test, gap = comparison.test, comparison.interval
    if test.p_value < _ALPHA:
        better = second if test.gained > test.lost else first
        verdict = f"**Version {plain(better)} predicts better**, more surely than by chance"
    else:
        verdict = "**The difference may be chance**"
    st.markdown(
        f"{verdict}: exact McNemar test, p = {test.p_value:.3g}. Of {comparison.images:,} images "
        f"the second predicts {100 * gap.estimate:+.2f} points more correctly, 95 % interval "
        f"{100 * gap.low:+.2f} to {100 * gap.high:+.2f}."
    )


def _show_images(comparison: Difference, second: str) -> None:
    fate = Fate(alternatives("Images that were", [str(fate) for fate in Fate], "fate"))
    images = EvaluatedImages(second, None, cached.test_predictions(second))
    tags = choose_tags()
    frame = images.carrying(comparison.frame[comparison.frame["fate"] == fate], tags)
    if frame.empty and tags:
        st.info(f"No image that is {fate} carries the tag; take it away.")
        return
    if frame.empty:
        st.info(f"No image is {fate}: none was {_MEANING[fate]}.")
        return
    st.caption(
        f"{counted(len(frame), 'image')} {_MEANING[fate]}; each shows what the second predicts."
    )
    images.offer_annotation(frame)
    rows = frame.index.to_numpy().tolist()
    before = {row: f"before: {digit}" for row, digit in zip(rows, frame["before"], strict=True)}
    show_tiles(images, paged(frame, "compare-page"), f"Images {fate}", before, "compare")


def _show_curves(first: str, second: str) -> None:
    catalogue = services.current().catalogue
    histories = [history(catalogue, cached.details(version)) for version in (first, second)]
    curves = pd.concat([frame for frame in histories if not frame.empty] or histories[:1])
    if curves.empty:
        st.info("The runs of these versions kept no history.")
        return
    for column, measure in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        column.altair_chart(
            training_chart(curves, measure), alt=f"{measure.capitalize()} over the epochs"
        )
    st.caption(
        "Training images are augmented and their labels smoothed, so training looks worse than "
        "validation."
    )
