"""The threshold's two costs against each other, and confidence against accuracy."""

import altair as alt
import pandas as pd

_SOURCE = alt.Color("images:N", title=None, legend=alt.Legend(orient="top"))
_FEWEST = 1e-5


def acceptance_chart(curve: pd.DataFrame, promise: float) -> alt.LayerChart:
    """Draw wrong among accepted over the accepted share, with its interval and the promise.

    Args:
        curve: See `dashboard.pages.compare.curves.acceptance_curve`.
        promise: Share of wrong ones that is promised, 0-1.
    """
    # A logarithmic axis has no 0; the interval of a rate of 0 still begins somewhere.
    frame = curve.assign(
        **{name: curve[name].clip(lower=_FEWEST) for name in ("rate", "low", "high")}
    )
    scale = alt.Scale(type="log")
    base = alt.Chart(frame).encode(
        x=alt.X("share:Q", title="accepted unseen", axis=alt.Axis(format="%")), color=_SOURCE
    )
    band = base.mark_area(opacity=0.15).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q")
    line = base.mark_line(point=True).encode(
        y=alt.Y("rate:Q", scale=scale, title="wrong among them", axis=alt.Axis(format=".3%")),
        tooltip=[
            "images:N",
            alt.Tooltip("threshold:Q", format=".5f"),
            alt.Tooltip("share:Q", title="accepted", format=".1%"),
            alt.Tooltip("wrong:Q", format=","),
            alt.Tooltip("accepted:Q", title="of", format=","),
            alt.Tooltip("high:Q", title="at most", format=".3%"),
        ],
    )
    rule = alt.Chart(pd.DataFrame({"promise": [promise]})).mark_rule(
        strokeDash=[4, 4], color="#c2410c"
    )
    return alt.LayerChart(layer=[band, line, rule.encode(y="promise:Q")], height=340)


def reliability_chart(bins: pd.DataFrame) -> alt.LayerChart:
    """Draw accuracy over confidence, with intervals; an honest model lies on the diagonal."""
    base = alt.Chart(bins).encode(
        x=alt.X("confidence:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%")),
        color=_SOURCE,
    )
    points = base.mark_line(point=True).encode(
        y=alt.Y(
            "accuracy:Q",
            title="accuracy",
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format="%"),
        ),
        tooltip=[
            "images:N",
            alt.Tooltip("confidence:Q", format=".1%"),
            alt.Tooltip("accuracy:Q", format=".1%"),
            alt.Tooltip("count:Q", title="images", format=","),
        ],
    )
    intervals = base.mark_rule(opacity=0.5).encode(y=alt.Y("low:Q", title="accuracy"), y2="high:Q")
    diagonal = (
        alt.Chart(pd.DataFrame({"confidence": [0, 1], "accuracy": [0, 1]}))
        .mark_line(strokeDash=[4, 4], color="#8a93a3")
        .encode(x="confidence:Q", y=alt.Y("accuracy:Q", title="accuracy"))
    )
    return alt.LayerChart(layer=[diagonal, intervals, points], height=340)
