"""The strip of days, a measure over the days with its limit, and a distribution."""

import altair as alt
import pandas as pd

from mnist.monitoring.drift import Limits, Verdict

CHOICE = "chosen-day"
"""Name of the selection of a day."""

_DAYS = alt.Axis(labelAngle=0, labelOverlap=True, labelExpr="slice(datum.label, 5)")
"""Month and day: with its year, the last label is wider than its square on a phone."""

_COLOURS = {
    Verdict.TOO_FEW: "#b9c0cc",
    Verdict.STEADY: "#2f9e58",
    Verdict.MIX_CHANGED: "#e0b81e",
    Verdict.WRITING_CHANGED: "#e0761e",
    Verdict.SCANNER_CHANGED: "#c22a0c",
}


def strip_chart(verdicts: pd.DataFrame, day: str) -> alt.Chart:
    """Draw a square for each day, and one for its batches, coloured by the verdict.

    Args:
        verdicts: See `dashboard.pages.drift.queries.verdicts`.
        day: The one that is looked at; it is framed.
    """
    frame = verdicts.assign(verdict=verdicts["verdict"].str.replace("-", " "))
    colours = {str(verdict).replace("-", " "): colour for verdict, colour in _COLOURS.items()}
    is_chosen = alt.datum.day == day
    chart: alt.Chart = (
        alt.Chart(frame, height=210)
        .mark_rect(cornerRadius=3)
        .encode(
            x=alt.X("day:O", title=None, axis=_DAYS),
            y=alt.Y("scope:N", title=None, sort=["the day", "its batches"]),
            color=alt.Color(
                "verdict:N",
                title=None,
                scale=alt.Scale(domain=list(colours), range=list(colours.values())),
                legend=alt.Legend(orient="bottom", columns=2),  # three are wider than a phone
            ),
            stroke=alt.when(is_chosen).then(alt.value("#1d6fc4")).otherwise(alt.value(None)),
            strokeWidth=alt.when(is_chosen).then(alt.value(3)).otherwise(alt.value(0)),
            tooltip=["day:N", "scope:N", "verdict:N", "batches:Q"],
        )
        .add_params(alt.selection_point(name=CHOICE, fields=["day"]))
    )
    return chart


def history_chart(history: pd.DataFrame, measure: str) -> alt.LayerChart:
    """Draw how far a measure lies from the reference, day by day, and the limit of the rule."""
    base = alt.Chart(history).encode(
        x=alt.X("day:O", title=None, axis=_DAYS),
        y=alt.Y("stability:Q", title=f"stability index of {measure}"),
        tooltip=["day:N", alt.Tooltip("stability:Q", format=".3f")],
    )
    rule = alt.Chart(pd.DataFrame({"limit": [Limits().stability]})).encode(y="limit:Q")
    text = rule.mark_text(align="left", dx=4, dy=-6, color="#c2410c").encode(
        x=alt.value(0), text=alt.value(f"limit {Limits().stability:g}")
    )
    layers = [
        base.mark_line(point=True, color="#1d6fc4"),
        rule.mark_rule(strokeDash=[4, 4], color="#c2410c"),
        text,
    ]
    return alt.LayerChart(layer=layers, height=260)


def distribution_chart(distribution: pd.DataFrame, measure: str) -> alt.Chart:
    """Draw the distribution of a measure in the reference and now, one over the other."""
    chart: alt.Chart = (
        alt.Chart(distribution, height=260)
        .mark_bar(opacity=0.55)
        .encode(
            x=alt.X("low:Q", title=measure, scale=alt.Scale(zero=False)),
            x2="high:Q",
            y2=alt.datum(0),
            y=alt.Y("share:Q", title="share of images", axis=alt.Axis(format="%"), stack=None),
            color=alt.Color(
                "images:N",
                title=None,
                scale=alt.Scale(domain=["reference", "now"], range=["#8a93a3", "#1d6fc4"]),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=["images:N", "low:Q", "high:Q", alt.Tooltip("share:Q", format=".2%")],
        )
    )
    return chart
