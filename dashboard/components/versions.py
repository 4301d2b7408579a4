"""Choosing a model version; the address of the page names it."""

import streamlit as st

from dashboard.components import cached
from dashboard.components.filters import name_in_address, select_name
from dashboard.components.texts import code
from mnist.registry.records import Version


def choose_version(label: str, key: str, versions: list[Version], usual: str) -> str:
    """Ask for a model version; the address names it under `key`, so that it can be passed on."""
    described = {version.version: _described(version) for version in versions}
    unknown = f"There is no version {{}}; version {code(usual)} is shown instead."
    number = name_in_address(key, list(described), usual, unknown)
    select_name(
        label,
        list(described),
        number,
        f"chosen-{key}",
        lambda choice: st.query_params.update({key: choice}),
        format_func=described.__getitem__,
    )
    return number


def usual_version(versions: list[Version]) -> str:
    """Name the champion, or the newest version where there is none."""
    champion = cached.champion_version()
    numbers = {version.version for version in versions}
    return champion if champion in numbers else versions[0].version


def _described(version: Version) -> str:
    accuracy = version.tags.get("test_accuracy")
    correct = f", {100 * float(accuracy):.2f} % correct" if accuracy else ""
    crown = " (champion)" if version.version == cached.champion_version() else ""
    return f"version {version.version}: {version.tags.get('recipe', 'unknown')}{correct}{crown}"
