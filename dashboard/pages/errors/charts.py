"""The map of images as a chart."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

BOX = "box"
"""Name of the selection that a person drags."""

_COLUMNS = ["x", "y", "label", "digit", "right", "name", "confidence"]


def map_chart(places: pd.DataFrame, box: Mapping[str, Sequence[float]] | None = None) -> alt.Chart:
    """Draw a map: the colour is the label, crosses are misclassified.

    Args:
        places: Labelled predictions with columns `x` and `y`.
        box: What is chosen at first: `x` and `y`, each two ends; without it nothing is.
    """
    value: Any = dict(box) if box else alt.Undefined
    right = alt.datum.right
    chart: alt.Chart = (
        alt.Chart(places[_COLUMNS], height=520)
        .mark_point(filled=True)
        .encode(
            x=alt.X("x:Q", axis=None, scale=alt.Scale(zero=False)),
            y=alt.Y("y:Q", axis=None, scale=alt.Scale(zero=False)),
            color=alt.Color("label:N", title="label", scale=alt.Scale(scheme="tableau10")),
            shape=alt.when(right).then(alt.value("circle")).otherwise(alt.value("cross")),
            size=alt.when(right).then(alt.value(14)).otherwise(alt.value(110)),
            opacity=alt.when(right).then(alt.value(0.55)).otherwise(alt.value(1)),
            tooltip=[
                alt.Tooltip("name:N", title="image"),
                alt.Tooltip("label:N"),
                alt.Tooltip("digit:N", title="predicted as"),
                alt.Tooltip("confidence:Q", format=".1%"),
            ],
        )
        .add_params(alt.selection_interval(name=BOX, zoom=False, value=value))
    )
    return chart
