"""Two versions on the same test images: the test, and the images of each kind."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import cached_readings, wiring
from dashboard.charts.training import training_chart
from dashboard.parts.errors.images import paged, show_tiles
from dashboard.parts.errors.subject import Subject
from dashboard.parts.problems import told
from dashboard.parts.versions import choose_version, usual_version
from dashboard.queries.comparison import Difference, Fate, difference, history
from dashboard.texts import counted, plain
from mnist.registry.records import Version

_ALPHA = 0.05
_MEANING = {
    Fate.FIXED: "read wrongly by the first, correctly by the second",
    Fate.BROKEN: "read correctly by the first, wrongly by the second",
    Fate.STILL_WRONG: "read wrongly by both",
}


def show_versions(versions: list[Version]) -> None:
    """Ask for two versions and show what changed between them."""
    usual = usual_version(versions)
    earlier = [each.version for each in versions if int(each.version) < int(usual)]
    left, right = st.columns(2)
    with left:
        first = choose_version(
            "First", "first", versions, earlier[0] if earlier else versions[-1].version
        )
    with right:
        second = choose_version("Second", "second", versions, usual)
    if first == second:
        st.info("Choose two different versions. Two retrainings make two versions.")
        return
    with told():
        found = _difference(first, second)
        _verdict(found, first, second)
        _images(found, second)
    st.header("Training curves")
    with told():
        _curves(first, second)


@st.cache_resource(max_entries=8, show_spinner="Comparing image by image …")
def _difference(first: str, second: str) -> Difference:
    return difference(cached_readings.of_test_images(first), cached_readings.of_test_images(second))


def _verdict(found: Difference, first: str, second: str) -> None:
    for column, fate in zip(st.columns(3), Fate, strict=True):
        column.metric(
            fate.capitalize(),
            f"{found.count(fate):,}",
            help=f"Images {_MEANING[fate]}.",
            border=True,
        )
    test, gap = found.test, found.interval
    if test.p_value < _ALPHA:
        better = second if test.gained > test.lost else first
        said = f"**Version {plain(better)} reads better**, more surely than by chance"
    else:
        said = "**The difference may be chance**"
    st.markdown(
        f"{said}: exact McNemar test, p = {test.p_value:.3g}. Of {found.images:,} images the "
        f"second reads {100 * gap.estimate:+.2f} points more correctly, 95 % interval "
        f"{100 * gap.low:+.2f} to {100 * gap.high:+.2f}."
    )


def _images(found: Difference, second: str) -> None:
    kinds = [str(fate) for fate in Fate]
    chosen = Fate(
        st.segmented_control(
            "Images that were",
            kinds,
            default=kinds[0],
            required=True,
            key="fate",
            bind="query-params",
        )
    )
    frame = found.frame[found.frame["fate"] == chosen]
    if frame.empty:
        st.info(f"No image is {chosen}: none was {_MEANING[chosen]}.")
        return
    st.caption(
        f"{counted(len(frame), 'image')} {_MEANING[chosen]}; each shows what the second reads."
    )
    subject = Subject(second, None, cached_readings.of_test_images(second))
    rows = frame.index.to_numpy().tolist()
    before = {row: f"before: {digit}" for row, digit in zip(rows, frame["before"], strict=True)}
    show_tiles(subject, paged(frame, "compare-page"), f"Images {chosen}", before, "compare")


def _curves(first: str, second: str) -> None:
    found = [
        history(wiring.catalogue(), cached_readings.details(version)) for version in (first, second)
    ]
    curves = pd.concat([each for each in found if not each.empty] or found[:1])
    if curves.empty:
        st.info("The runs of these versions kept no history.")
        return
    for column, measure in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        column.altair_chart(
            training_chart(curves, measure), alt=f"{measure.capitalize()} over the epochs"
        )
    st.caption(
        "Training images are distorted and their labels smoothed, so training looks worse than "
        "validation."
    )
