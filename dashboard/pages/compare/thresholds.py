"""The explorer of the threshold: what is accepted unseen, what of it is wrong, source by source."""

import streamlit as st

from dashboard.components import cached, tables
from dashboard.components.texts import counted, percent, plain
from dashboard.pages.compare.curve_charts import acceptance_chart, reliability_chart
from dashboard.pages.compare.curves import acceptance_curve, judged, per_digit, reliability
from mnist import services
from mnist.acceptance.thresholds import GRID, JudgedPredictions
from mnist.errors import MnistError
from mnist.reviews.audits import audits_of

_OWN = 0.9
_LEVELS = [f"{threshold:.5f}" for threshold in GRID]
_LEVEL = "threshold"


@st.cache_resource(ttl=600, max_entries=4, show_spinner="Asking the version about audits …")
def _evidence(version: str) -> list[JudgedPredictions]:
    """What a version predicts for audited images and labelled sets, and whether it is wrong."""
    current = services.current()
    audits = audits_of(list(current.reviews.recorded()), current.settings.reviews_needed)
    evidence, _ = current.accepting.evidence.of_digits(current.registry.version(version), audits)
    return evidence


def show_thresholds(first: str, second: str) -> None:
    """Draw both versions on the test images, and the second on every source with labels."""
    sources = [
        judged(f"test images, version {version}", cached.test_predictions(version))
        for version in (first, second)
    ]
    try:
        sources += _evidence(second)
    except MnistError as error:
        st.caption(plain(f"Audits and labelled sets are left out: {error}"))
    promise = services.current().settings.max_accepted_error_rate
    own = float(cached.details(second).tags.get("accept_confidence", _OWN))
    usual = min(_LEVELS, key=lambda level: abs(float(level) - own))
    level = st.select_slider(
        "Accepted from a confidence of",
        _LEVELS[::-1],
        value=usual,
        key=_LEVEL,
        bind="query-params",
        help="At first the version's own threshold from its training, as near as it comes.",
    )
    _show_numbers(sources, float(level))
    left, right = st.columns(2, gap="large")
    with left:
        st.altair_chart(
            acceptance_chart(acceptance_curve(sources), promise),
            alt="Share of wrong predictions among accepted ones over the share accepted",
        )
        st.caption(
            f"Each point is a threshold, with its 95 % interval; the dashed line is the promise of "
            f"{percent(promise)}. A rate of 0 is drawn at 0.001 %."
        )
    with right:
        st.altair_chart(
            reliability_chart(reliability(sources)),
            alt="Reliability diagram: accuracy over confidence in ten bins",
        )
        st.caption("Above the diagonal a version is better than it says, below it worse.")


def _show_numbers(sources: list[JudgedPredictions], threshold: float) -> None:
    frame = acceptance_curve(sources, [threshold])
    if frame.empty:
        st.info("Nothing is accepted at this threshold.")
        return
    tables.table(
        frame.drop(columns="threshold"),
        "What is accepted at this threshold, and what of it is wrong",
        {
            "share": tables.share("accepted unseen"),
            "accepted": tables.number("accepted", format="localized"),
            "rate": tables.share("wrong among them"),
            "low": tables.share("at least"),
            "high": tables.share("at most"),
        },
    )


def show_digits(first: str, second: str) -> None:
    """Draw how the versions differ, digit by digit."""
    frame = per_digit(cached.test_predictions(first), cached.test_predictions(second))
    tables.table(
        frame,
        "Misclassified images of each digit under both versions, the largest change first",
        {"p": tables.number(format="%.3f", help="Exact McNemar test of this digit alone.")},
        height="content",
    )
    changed = int((frame["fixed"] + frame["broken"] > 0).sum())
    st.caption(f"{counted(changed, 'digit')} with another number of mistakes in either direction.")
