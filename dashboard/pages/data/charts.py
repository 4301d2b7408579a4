"""Charts of the images that models learn from, and of drift."""

import altair as alt
import pandas as pd

from dashboard.pages.data.queries import MEASURES
from mnist.monitoring.drift import Limits

_SET = alt.Color(
    "set:N",
    title=None,
    scale=alt.Scale(range=["#1d6fc4", "#e08a1e"]),
    legend=alt.Legend(orient="top"),
)


def class_chart(shares: pd.DataFrame) -> alt.Chart:
    """Draw how frequent each digit is in each set."""
    chart: alt.Chart = (
        alt.Chart(shares, height=320)
        .mark_bar(cornerRadius=2)
        .encode(
            x=alt.X("digit:O", axis=alt.Axis(labelAngle=0)),
            xOffset="set:N",
            y=alt.Y("share:Q", title="share of images", axis=alt.Axis(format="%")),
            color=_SET,
            tooltip=[
                "set:N",
                "digit:O",
                alt.Tooltip("images:Q", format=","),
                alt.Tooltip("share:Q", format=".2%"),
            ],
        )
    )
    return chart


def density_chart(densities: pd.DataFrame, measure: str) -> alt.Chart:
    """Draw how one measure is distributed in each set."""
    chart: alt.Chart = (
        alt.Chart(densities[densities["measure"] == measure], height=300)
        .mark_line(interpolate="monotone")
        .encode(
            x=alt.X("value:Q", title=MEASURES[measure], scale=alt.Scale(zero=False)),
            y=alt.Y("share:Q", title=None, axis=alt.Axis(format="%")),
            color=_SET,
        )
    )
    return chart


def drift_chart(whole_days: pd.DataFrame) -> alt.LayerChart:
    """Draw how far each measure of a day lies from the reference, and where that is a lot."""
    lines = (
        alt.Chart(whole_days)
        .mark_line(point=True)
        .encode(
            x=alt.X("day:T", title=None, axis=alt.Axis(format="%d %b", tickCount="day")),
            y=alt.Y("stability:Q", title="population stability index"),
            color=alt.Color("measure:N", title=None),
            tooltip=["day:T", "measure:N", alt.Tooltip("stability:Q", format=".3f")],
        )
    )
    limit = alt.Chart(pd.DataFrame({"limit": [Limits().stability]})).mark_rule(
        strokeDash=[4, 4], color="#c2410c"
    )
    return alt.LayerChart(layer=[lines, limit.encode(y="limit:Q")], height=340)
