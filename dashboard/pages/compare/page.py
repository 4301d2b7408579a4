"""The page Compare: two versions, and below them several kinds of model."""

import streamlit as st

from dashboard.components import cached, tables
from dashboard.components.boundary import error_boundary, section
from dashboard.components.texts import plain
from dashboard.pages.compare.queries import PLOTS, compared_models
from dashboard.pages.compare.versions import show_versions
from mnist import services
from mnist.registry.records import TrainingRun

_COMPARISONS_SHOWN = 20
_SHARES = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "weighted_f1")


@st.cache_resource(ttl=10, show_spinner=False)
def _comparisons() -> list[TrainingRun]:
    return services.current().catalogue.comparisons(_COMPARISONS_SHOWN)


@st.cache_resource(max_entries=20, show_spinner="Fetching the plots …")
def _plots(run_id: str) -> dict[str, bytes]:
    run = next(run for run in _comparisons() if run.run_id == run_id)
    plots = {name: services.current().catalogue.file(run, name) for name, _ in PLOTS}
    return {name: content for name, content in plots.items() if content is not None}


def show() -> None:
    """Draw the page."""
    st.title("Compare")
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
            show_versions(versions)
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
    tables.table(
        compared_models(services.current().catalogue, run),
        "The compared models, the most accurate first",
        {name: tables.share(name.replace("_", " ")) for name in _SHARES}
        | {
            "training_seconds": tables.number("training, s", format="%.1f"),
            "training_cpu_seconds": tables.number("training, CPU s", format="%.1f"),
            "prediction_seconds": tables.number("prediction, s", format="%.2f"),
        },
    )
    pictures = _plots(run.run_id)
    if not pictures:
        st.warning(f"The run {plain(run.name)} kept no plots.")
    for column, (name, alt) in zip(st.columns(2) * 2, PLOTS, strict=True):
        if name in pictures:
            column.image(pictures[name], alt=alt)
