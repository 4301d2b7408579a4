"""Ten probabilities as bars."""

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mnist.digits import CLASSES

_PREDICTED, _LABEL, _OTHER = "predicted", "label", "other"


def probability_chart(probabilities: NDArray[np.float32], label: int | None) -> alt.LayerChart:
    """Draw one bar for each digit; the predicted digit and the label have colours of their own.

    Args:
        probabilities: Shape (10,), summing to 1.
        label: The true digit, if somebody has said it.
    """
    predicted = int(probabilities.argmax())
    kinds = {label: _LABEL} | {predicted: _PREDICTED}
    frame = pd.DataFrame(
        {
            "digit": range(CLASSES),
            "probability": probabilities.astype(float),
            "kind": [kinds.get(digit, _OTHER) for digit in range(CLASSES)],
        }
    )
    base = alt.Chart(frame).encode(
        x=alt.X("digit:O", title="digit", axis=alt.Axis(labelAngle=0)),
        y=alt.Y(
            "probability:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"), title=None
        ),
        tooltip=[alt.Tooltip("digit:O"), alt.Tooltip("probability:Q", format=".4%")],
    )
    colours = {_PREDICTED: "#1d6fc4", _LABEL: "#c2410c", _OTHER: "#8a93a3"}
    legend = alt.Legend(orient="top") if label not in (None, predicted) else None
    bars = base.mark_bar(cornerRadius=2).encode(
        color=alt.Color(
            "kind:N",
            title=None,
            scale=alt.Scale(domain=list(colours), range=list(colours.values())),
            legend=legend,
        )
    )
    numbers = base.mark_text(dy=-7, fontSize=11, color="#808895").encode(
        text=alt.Text("probability:Q", format=".1%")
    )
    return alt.LayerChart(layer=[bars, numbers], height=280)
