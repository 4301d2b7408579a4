"""Training curves as lines."""

import altair as alt
import pandas as pd


def training_chart(history: pd.DataFrame, measure: str) -> alt.Chart:
    """Draw a measure over the epochs, a colour per version, dashes for training images.

    Args:
        history: See `dashboard.pages.compare.queries.history`; several versions below each other.
        measure: `loss` or `accuracy`.
    """
    chart: alt.Chart = (
        alt.Chart(history[history["measure"] == measure], height=360, title=measure.capitalize())
        .mark_line(point=True)
        .encode(
            x=alt.X("epoch:Q", axis=alt.Axis(tickMinStep=1, format="d")),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False)),
            color=alt.Color("version:N", title=None, legend=alt.Legend(orient="bottom")),
            strokeDash=alt.StrokeDash(
                "images:N",
                title=None,
                scale=alt.Scale(domain=["validation", "training"], range=[[1, 0], [4, 4]]),
                legend=alt.Legend(
                    orient="bottom", symbolType="stroke", symbolStrokeColor="#888888"
                ),
            ),
            tooltip=["version:N", "images:N", "epoch:Q", alt.Tooltip("value:Q", format=".4f")],
        )
    )
    return chart
