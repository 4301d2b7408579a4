"""Training curves as lines, compared models as dots."""

import altair as alt
import pandas as pd

_COMPLEXITY = alt.Color(
    "complexity:N",
    scale=alt.Scale(domain=["high", "medium", "low"], range=["#1d6fc4", "#e08a1e", "#2f9e58"]),
    legend=alt.Legend(orient="bottom"),
)


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


def accuracy_chart(models: pd.DataFrame, name: str, title: str) -> alt.LayerChart:
    """Draw accuracies as dots, the best on top; the axis does not start at 0, which bars would.

    Args:
        models: Columns `accuracy` (0-1), `complexity` and the one that `name` says.
        name: Column of what each line is about.
        title: What the chart shows.
    """
    value = alt.X("accuracy:Q", scale=alt.Scale(zero=False), axis=alt.Axis(format=".1%"))
    text = alt.Text("accuracy:Q", format=".2%")
    return _dots(models, name, title, value, text)


def seconds_chart(models: pd.DataFrame, name: str, title: str) -> alt.LayerChart:
    """Draw training times as dots on a logarithmic axis, in the same order as accuracies."""
    value = alt.X("training_seconds:Q", scale=alt.Scale(type="log"), title="seconds, logarithmic")
    text = alt.Text("training_seconds:Q", format=",.1f")
    return _dots(models, name, title, value, text)


def cost_chart(models: pd.DataFrame, title: str) -> alt.LayerChart:
    """Draw what accuracy costs: a point for each model, up and left is better."""
    points = alt.Chart(models).encode(
        x=alt.X("training_seconds:Q", scale=alt.Scale(type="log"), title="seconds, logarithmic"),
        y=alt.Y("accuracy:Q", scale=alt.Scale(zero=False), axis=alt.Axis(format=".1%")),
        tooltip=["model:N", "accuracy:Q", "training_seconds:Q"],
    )
    names = points.mark_text(align="left", dx=8, color="#808895").encode(text="model:N")
    dots = points.mark_circle(size=90, opacity=1).encode(color=_COMPLEXITY)
    return alt.LayerChart(layer=[dots, names], title=title, height=300)


def _dots(
    models: pd.DataFrame, name: str, title: str, value: alt.X, text: alt.Text
) -> alt.LayerChart:
    order = models.sort_values("accuracy", ascending=False)[name].tolist()
    base = alt.Chart(models).encode(x=value, y=alt.Y(f"{name}:N", sort=order, title=None))
    dots = base.mark_circle(size=90, opacity=1).encode(color=_COMPLEXITY)
    numbers = base.mark_text(dy=-10, color="#808895").encode(text=text)
    return alt.LayerChart(layer=[dots, numbers], title=title, height=300)
