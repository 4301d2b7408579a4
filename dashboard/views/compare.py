"""Compare: two versions image by image, and several kinds of model side by side."""

from __future__ import annotations

import streamlit as st

from dashboard import cached_readings
from dashboard.parts.compare.models import show_models
from dashboard.parts.compare.versions import show_versions
from dashboard.parts.problems import told


def show() -> None:
    """Draw the page."""
    st.title("Compare")
    with told():
        versions = cached_readings.versions()
        if not versions:
            st.info("No model has been trained yet: `prefect deployment run 'retrain/default'`.")
        elif len(versions) == 1:
            st.info(
                "There is one version so far, and nothing to compare it with: "
                "`prefect deployment run 'retrain/default'` trains another."
            )
        else:
            show_versions(versions)
    st.header("Kinds of model", help="Six models trained on the same images by `compare-models`.")
    with told():
        show_models()
