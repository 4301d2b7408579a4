"""The confusion matrix of an evaluation, as a chart and in words."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from mnist.evaluation.metrics import Evaluation

_RIGHT, _ON_RIGHT = "#d9e8f5", "#17324d"
_FEW, _MANY = "#fde3c8", "#c2410c"
_ON_FEW, _ON_MANY = "#4a1d05", "#ffffff"
_DARK = 0.6


def confusion_cells(confusion: Sequence[Sequence[int]]) -> pd.DataFrame:
    """Lay a confusion matrix out, one row per cell.

    Args:
        confusion: Rows are true digits, columns predicted ones.

    Returns:
        Columns `true`, `predicted`, `images`, `share` of the true digit's images (0-1), `right`,
        and `heat`: among the wrong cells, 0-1 relative to the fullest.
    """
    counts = np.asarray(confusion)
    true, predicted = np.indices(counts.shape)
    columns: dict[str, Any] = {"true": true, "predicted": predicted, "images": counts}
    cells = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
    support = cells.groupby("true")["images"].transform("sum")
    right = cells["true"] == cells["predicted"]
    most = max(1, cells["images"].mask(right, 0).max())
    return cells.assign(
        share=(cells["images"] / support.where(support > 0, 1)),
        right=right,
        heat=(cells["images"] / most).mask(right, 0.0),
    )


def confusion_chart(evaluation: Evaluation) -> alt.LayerChart:
    """Draw the confusion matrix: rows true, columns predicted, the fullest mistakes darkest.

    Its colours are its own, so that light and dark themes show the same picture.
    """
    cells = confusion_cells(evaluation.confusion)
    base = alt.Chart(cells[cells["images"] > 0]).encode(
        x=alt.X("predicted:O", title="predicted digit", axis=alt.Axis(orient="top", labelAngle=0)),
        y=alt.Y("true:O", title="true digit"),
        tooltip=[
            alt.Tooltip("true:O", title="true digit"),
            alt.Tooltip("predicted:O", title="predicted as"),
            alt.Tooltip("images:Q", format=","),
            alt.Tooltip("share:Q", title="of that digit's images", format=".2%"),
        ],
    )
    heat = alt.Color("heat:Q", scale=alt.Scale(domain=[0, 1], range=[_FEW, _MANY]), legend=None)
    right = alt.when(alt.datum.right)
    squares = base.mark_rect(cornerRadius=2).encode(
        color=right.then(alt.value(_RIGHT)).otherwise(heat)
    )
    numbers = base.mark_text(fontSize=12).encode(
        text=alt.Text("images:Q", format=","),
        color=right.then(alt.value(_ON_RIGHT))
        .when(alt.datum.heat > _DARK)
        .then(alt.value(_ON_MANY))
        .otherwise(alt.value(_ON_FEW)),
    )
    return alt.LayerChart(layer=[squares, numbers], height=360)


def worst_confusions(evaluation: Evaluation, count: int = 3) -> str:
    """Name the most frequent mistakes in words, for those who do not see the chart."""
    cells = confusion_cells(evaluation.confusion)
    wrong = cells[~cells["right"] & (cells["images"] > 0)].nlargest(count, "images")
    if wrong.empty:
        return "No test image was misclassified."
    pairs = [
        f"{row.true} predicted as {row.predicted} ({row.images})" for row in wrong.itertuples()
    ]
    return f"Most frequent mistakes: {', '.join(pairs)}."
