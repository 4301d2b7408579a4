"""Charts of the images that models learn from."""

import altair as alt
import pandas as pd

from dashboard.pages.data.queries import MEASURES

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
