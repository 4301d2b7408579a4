"""What an editor may start about models: a promotion, a training, a rescore."""

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard.access import model_actions
from dashboard.access.login import person
from dashboard.components import cached
from dashboard.components.boundary import ActionResult, remember_result, show_result
from dashboard.components.following import follow
from dashboard.components.links import go_to
from dashboard.components.texts import code, plain
from mnist import services
from mnist.storage.journal import JournalEntry, were_champions
from mnist.training.recipes import RECIPES

_RESULT = "model-action-result"
_LARGEST_SEED = 2**32 - 1
_OFFERED = ("demo", "fast", "best", "ensemble")


def show_forms(entries: Sequence[JournalEntry]) -> None:
    """Draw the forms; each starts a deployment, and the audit log names who did and why."""
    show_result(_RESULT)
    champion = cached.champion_version()
    versions = [version.version for version in cached.versions()]
    others = [version for version in versions if version != champion]
    _show_retrain()
    if others:
        _show_promote(others, champion)
    earlier = [version for version in were_champions(entries) if version != champion]
    if earlier and champion is not None:
        _show_rescore(earlier, champion)
    if st.button("Import a labelled set", type="tertiary"):
        go_to("data", "")


def _show_retrain() -> None:
    with st.expander("Retrain now"), st.form("retrain", border=False):
        st.markdown(
            "A candidate is trained from what there is now, labels that people agreed on and "
            "labelled sets among it; the gates decide whether it becomes champion."
        )
        recipes = [name for name in _OFFERED if name in RECIPES]
        st.selectbox("Recipe", recipes, key="retrain-recipe")
        st.number_input(
            "Seed",
            0,
            _LARGEST_SEED,
            value=None,
            key="retrain-seed",
            help="Left empty, the day is the seed, so that each day trains another network.",
        )
        _why_and_button("retrain", "Retrain", _retrain)


def _show_promote(others: Sequence[str], champion: str | None) -> None:
    with st.expander("Promote a version"), st.form("promote", border=False):
        instead = f" instead of version {code(champion)}" if champion else ""
        st.markdown(
            f"The version becomes champion{instead} on your word, whatever the gates say; they "
            "measure it all the same, and what they find stands beside your reason. The journal "
            f"will name **{plain(person().name)}**."
        )
        st.selectbox("Version", others, key="promote-version")
        if services.current().settings.canary_share:
            st.checkbox("On canary: a share of the sources first", key="promote-canary")
        st.checkbox("Make it champion", key="promote-sure")
        _why_and_button("promote", "Promote", _promote)


def _show_rescore(earlier: Sequence[str], champion: str) -> None:
    with st.expander("Rescore"), st.form("rescore", border=False):
        st.markdown(
            f"Version {code(champion)} predicts again what another version has scored. Nothing is "
            "overwritten; a table under `rescores/` names every image whose prediction changes, "
            "and the page Review shows those first."
        )
        st.selectbox("Scored by version", earlier[::-1], key="rescore-version")
        _why_and_button("rescore", "Rescore", _rescore)


def _why_and_button(name: str, label: str, act: Callable[[], ActionResult]) -> None:
    st.text_input("Why?", key=f"{name}-why", max_chars=500)
    st.form_submit_button(label, type="primary", on_click=remember_result, args=(_RESULT, act))


def _retrain() -> ActionResult:
    current, state = services.current(), st.session_state
    run = model_actions.retrain(
        current.prefect,
        current.audit,
        person(),
        state["retrain-recipe"],
        state["retrain-seed"],
        state["retrain-why"],
    )
    follow("training", run, decides=True)
    return ActionResult("The training has been asked for.")


def _promote() -> ActionResult:
    current, state = services.current(), st.session_state
    if not state["promote-sure"]:
        return ActionResult("Nothing was done: tick the box to confirm.", succeeded=False)
    version = state["promote-version"]
    run = model_actions.promote(
        current.prefect,
        current.audit,
        person(),
        version,
        state["promote-why"],
        canary=state.get("promote-canary", False),
    )
    follow("promotion", run, decides=True)
    return ActionResult(f"The promotion of version {code(version)} has been asked for.")


def _rescore() -> ActionResult:
    current, state = services.current(), st.session_state
    version = state["rescore-version"]
    run = model_actions.rescore(
        current.prefect, current.audit, person(), version, state["rescore-why"]
    )
    follow("rescore", run, decides=False)
    return ActionResult(f"The rescore of version {code(version)} has been asked for.")
