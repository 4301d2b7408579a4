"""The comparison of several models, from the parent run of `compare-models`."""

from __future__ import annotations

import streamlit as st

from dashboard import wiring
from dashboard.queries.comparison import PLOTS, compared_models
from dashboard.texts import plain
from mnist.registry.records import TrainingRun

_SHOWN = 20
_SHARES = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "weighted_f1")


@st.cache_resource(ttl=10, show_spinner=False)
def _comparisons() -> list[TrainingRun]:
    return wiring.catalogue().comparisons(_SHOWN)


@st.cache_resource(max_entries=20, show_spinner="Fetching the plots …")
def _plots(run_id: str) -> dict[str, bytes]:
    run = next(each for each in _comparisons() if each.run_id == run_id)
    found = {name: wiring.catalogue().file(run, name) for name, _ in PLOTS}
    return {name: content for name, content in found.items() if content is not None}


def show_models() -> None:
    """Draw the newest comparison, or another one."""
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
        format_func=lambda each: f"{each.started_at:%Y-%m-%d %H:%M} UTC, {each.name}",
    )
    st.link_button("Its run in MLflow ↗", run.url, type="tertiary")
    st.dataframe(
        compared_models(wiring.catalogue(), run),
        hide_index=True,
        alt="The compared models, the most accurate first",
        column_config={
            name: st.column_config.NumberColumn(name.replace("_", " "), format="percent")
            for name in _SHARES
        }
        | {
            "training_seconds": st.column_config.NumberColumn("training, s", format="%.1f"),
            "training_cpu_seconds": st.column_config.NumberColumn("training, CPU s", format="%.1f"),
            "prediction_seconds": st.column_config.NumberColumn("prediction, s", format="%.2f"),
        },
    )
    pictures = _plots(run.run_id)
    if not pictures:
        st.warning(f"The run {plain(run.name)} kept no plots.")
    for column, (name, alt) in zip(st.columns(2) * 2, PLOTS, strict=True):
        if name in pictures:
            column.image(pictures[name], alt=alt)
