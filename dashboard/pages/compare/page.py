"""The page Compare: two versions, and below them several kinds of model."""

import streamlit as st

from dashboard.components import cached, tables
from dashboard.components.boundary import each_error_once, error_boundary, section
from dashboard.components.titles import page_title
from dashboard.pages.compare.charts import accuracy_chart, cost_chart, seconds_chart
from dashboard.pages.compare.queries import compared_models
from dashboard.pages.compare.versions import show_versions
from mnist import services
from mnist.registry.records import TrainingRun

_COMPARISONS_SHOWN = 20
_SHARES = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "weighted_f1")


@st.cache_resource(ttl=10, show_spinner=False)
def _comparisons() -> list[TrainingRun]:
    return services.current().catalogue.comparisons(_COMPARISONS_SHOWN)


@each_error_once()
def show() -> None:
    """Draw the page."""
    add_title = page_title("Compare")
    with error_boundary():
        versions = cached.versions()
        if not versions:
            st.info("No model has been trained yet: `prefect deployment run 'retrain/default'`.")
        elif len(versions) == 1:
            st.info(
                "There is one version so far, and nothing to compare it with: "
                "`prefect deployment run 'retrain/default'` trains another."
            )
        else:
            show_versions(versions, add_title)
    meaning = "Six models trained on the same images by `compare-models`."
    section("Kinds of model", _show_models, meaning)


def _show_models() -> None:
    """Draw the newest comparison of several models, or another one."""
    runs = _comparisons()
    if not runs:
        st.info(
            "No comparison of models has been finished yet: "
            "`prefect deployment run 'compare-models/default'` trains seven on the same images."
        )
        return
    run = st.selectbox(
        "Comparison",
        runs,
        format_func=lambda run: f"{run.started_at:%Y-%m-%d %H:%M} UTC, {run.name}",
    )
    st.link_button("Its run in MLflow ↗", run.url, type="tertiary")
    models = compared_models(services.current().catalogue, run)
    tables.table(
        models,
        "The compared models, the most accurate first",
        {name: tables.share(name.replace("_", " ")) for name in _SHARES}
        | {
            "training_seconds": tables.number("training, s", format="%.1f"),
            "training_cpu_seconds": tables.number("training, CPU s", format="%.1f"),
            "prediction_seconds": tables.number("prediction, s", format="%.2f"),
        },
    )
    means = models.groupby("complexity")[["accuracy"]].mean().reset_index()
    charts = (
        accuracy_chart(models, "model", "Accuracy on the test images"),
        seconds_chart(models, "model", "Training time"),
        cost_chart(models, "Accuracy against training time"),
        accuracy_chart(means, "complexity", "Mean accuracy by complexity"),
    )
    for column, chart in zip(st.columns(2) * 2, charts, strict=True):
        column.altair_chart(chart, alt=str(chart.title))
