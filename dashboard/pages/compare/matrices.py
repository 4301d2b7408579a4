"""The confusion matrices of two versions side by side; a cell leads to its images."""

from urllib.parse import urlencode

import streamlit as st

from dashboard.components import cached
from dashboard.components.filters import alternatives
from dashboard.components.links import go_to
from dashboard.components.matrix import Cell, cells, fullest_cell, matrix
from dashboard.components.texts import plain

_OPENED = "compare-cell"


def show_matrices(first: str, second: str) -> None:
    """Draw both matrices, in colours of one scale."""
    content = alternatives("Cells show", ["counts", "rates"], "cells", label_visibility="collapsed")
    confusions = {
        version: cached.test_predictions(version).evaluation.confusion
        for version in (first, second)
    }
    fullest = max(fullest_cell(confusion) for confusion in confusions.values())
    for column, (version, confusion) in zip(st.columns(2), confusions.items(), strict=True):
        with column:
            rows = cells(confusion, rates=content == "rates", fullest=fullest)
            _show_matrix(version, rows)
    st.caption("Click a cell to see its images. Rates are shares of the true digit's images.")
    if address := st.session_state.pop(_OPENED, None):
        go_to("errors", address)


def _show_matrix(version: str, rows: list[list[Cell]]) -> None:
    st.markdown(f"**Version {plain(version)}**")
    label = f"Confusion matrix of version {version}: rows are true digits, columns predicted ones"
    matrix(rows, label, f"matrix-{version}", lambda cell: _open(version, cell))


def _open(version: str, cell: str) -> None:
    """Remember which cell was clicked, for callbacks, which cannot go to another page."""
    true, predicted = cell.split("-")
    show = {"show": "all"} if true == predicted else {}
    address = {"of": "test images", "version": version, "true": true, "read": predicted}
    st.session_state[_OPENED] = urlencode(address | show)
