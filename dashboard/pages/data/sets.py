"""Labelled sets on the page Data: what was imported, and the form that imports another."""

from collections.abc import Iterable
from datetime import UTC

import pandas as pd
import streamlit as st

from dashboard.access.actions import SetRequest, import_set
from dashboard.access.login import person
from dashboard.components import tables
from dashboard.components.boundary import ActionResult, remember_result, run_link, show_result
from dashboard.components.texts import plain
from mnist import services
from mnist.data.set_uses import Use
from mnist.storage.stored_sets import SetManifest

MEANING = (
    "Images with labels of your own. Those to train on join the next retraining; those to evaluate "
    "with are never learned from, and every candidate is compared with the champion on them."
)
_RESULT = "set-result"
_FILE, _PLACE, _NAME, _USE, _WHY = (f"set-{f}" for f in ("file", "place", "name", "use", "why"))


def show_sets() -> None:
    """Draw the section."""
    current = services.current().stored_sets.current()
    if current:
        columns = {"imported": tables.utc("imported")}
        tables.table(listed(current.values()), "Labelled sets that were imported", columns)
        for manifest in current.values():
            with st.expander(f"What was found in {plain(manifest.name)}"):
                st.markdown("\n".join(f"- {plain(text)}" for text in manifest.report.sentences))
    else:
        st.info("No labelled set has been imported.")
    show_result(_RESULT)
    if person().is_editor:
        with st.expander("Import a labelled set"), st.form("import-set"):
            _show_form()


def listed(manifests: Iterable[SetManifest]) -> pd.DataFrame:
    """List imports: columns `set`, `to train`, `to evaluate`, `left out`, `who`, `imported`."""
    return pd.DataFrame(
        [
            {
                "set": manifest.name,
                "to train": manifest.report.total(Use.TRAIN),
                "to evaluate": manifest.report.total(Use.EVALUATE),
                "left out": sum(manifest.report.left_out.values()),
                "who": manifest.who,
                "imported": manifest.at.astimezone(UTC).replace(tzinfo=None),
            }
            for manifest in manifests
        ]
    )


def _show_form() -> None:
    st.markdown(
        "A zip archive, or a place in the store, with folders `0` to `9` of images, or with a "
        "`labels.csv` that has the columns `file`, `label` and maybe `kind`, `writer`, `use`. "
        "Everything is looked at first; the set is imported whole or not at all."
    )
    st.file_uploader("Zip archive", ["zip"], key=_FILE)
    st.text_input("Or a place in the store", key=_PLACE, placeholder="s3://inbox/my-scans/")
    st.text_input("Name of the set", key=_NAME, max_chars=100)
    st.selectbox(
        "Use",
        [use.value for use in (Use.SPLIT, Use.TRAIN, Use.EVALUATE)],
        key=_USE,
        help="`split` keeps writers apart where the list names them.",
    )
    st.text_input("Why?", key=_WHY, max_chars=500)
    st.form_submit_button("Import", on_click=remember_result, args=(_RESULT, _import))


def _import() -> ActionResult:
    current, state = services.current(), st.session_state
    request = SetRequest(
        name=state[_NAME].strip(),
        use=Use(state[_USE]),
        place=state[_PLACE].strip(),
        archive=state[_FILE],
        why=state[_WHY],
    )
    labels = current.bucket(current.settings.labels_bucket)
    run = import_set(current.prefect, current.audit, labels, person(), request)
    return ActionResult(f"A run looks at the set; its report says what it found.{run_link(run)}")
