"""Choosing a model version; the address of the page names it."""

from __future__ import annotations

import streamlit as st

from dashboard import cached
from dashboard.texts import code
from mnist.registry.records import Version


def choose_version(label: str, key: str, versions: list[Version], usual: str) -> str:
    """Ask for a model version; the address names it under `key`, so that it can be passed on.

    Args:
        label: What the version is wanted for.
        key: Its name in the address.
        versions: Those to choose from.
        usual: The one to begin with.
    """
    described = {each.version: _described(each) for each in versions}
    asked = st.query_params.get(key)
    if asked is not None and asked not in described:
        st.warning(f"There is no version {code(asked)}; version {code(usual)} is shown instead.")
    version = asked if asked in described else usual
    widget = f"chosen-{key}"
    st.session_state[widget] = version
    if version != asked:
        st.query_params[key] = version
    st.selectbox(
        label,
        list(described),
        format_func=described.__getitem__,
        key=widget,
        on_change=lambda: st.query_params.update({key: st.session_state[widget]}),
    )
    return version


def usual_version(versions: list[Version]) -> str:
    """Name the champion, or the newest version where there is none."""
    champion = cached.champion_if_known()
    known = {each.version for each in versions}
    return champion if champion in known else versions[0].version


def _described(version: Version) -> str:
    accuracy = version.tags.get("test_accuracy")
    read = f", reads {100 * float(accuracy):.2f} %" if accuracy else ""
    crown = " (champion)" if version.version == cached.champion_if_known() else ""
    return f"version {version.version}: {version.tags.get('recipe', 'unknown')}{read}{crown}"
