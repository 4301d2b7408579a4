"""The page Decisions: one decision, its gates, what it changes, and what an editor may start."""

from urllib.parse import urlencode

import streamlit as st

from dashboard.access.login import person
from dashboard.components import cached, tables
from dashboard.components.boundary import each_error_once, error_boundary, section
from dashboard.components.decisions import DECISION, headline, run_name
from dashboard.components.filters import name_in_address, select_name
from dashboard.components.following import show_followed
from dashboard.components.links import go_to, show_way_back
from dashboard.components.texts import counted, percent, plain, sentence
from dashboard.components.titles import page_title
from dashboard.pages.decisions import queries
from dashboard.pages.decisions.canary import show_beginning, show_canary
from dashboard.pages.decisions.forms import show_forms
from dashboard.pages.decisions.images import show_labels, show_production
from mnist import services
from mnist.errors import MnistError
from mnist.promotion import Decision
from mnist.promotion.checks import Status
from mnist.registry.records import VersionDetails
from mnist.storage.journal import CANARY, JournalEntry

_VERSION = "version"
_FIGURES = "%.5g"
"""Counts of images and shares stand in the same column."""


@each_error_once()
def show() -> None:
    """Draw the page."""
    show_way_back()
    add_title = page_title("Decisions")
    with error_boundary():
        show_followed()
        entries = list(cached.journal())
        if entries:
            entry = _choose(entries)
            add_title(f"{entry.sequence}, version {entry.to_version}")
            _show_decision(entry)
        else:
            st.info("No candidate has been judged yet; an editor starts a training below.")
    if person().is_editor:
        section("What to do", lambda: show_forms(list(cached.journal())))


def _choose(entries: list[JournalEntry]) -> JournalEntry:
    """Ask for a decision; the address names it by number, or by the version it is about."""
    described = {str(entry.sequence): queries.described(entry) for entry in reversed(entries)}
    version = st.query_params.get(_VERSION)
    if version is not None and DECISION not in st.query_params:
        number = queries.with_decision_about(entries, version)
        if number is not None:
            st.query_params[DECISION] = number
    newest = str(entries[-1].sequence)
    unknown = "There is no decision {}; here is the newest instead."
    number = name_in_address(DECISION, list(described), newest, unknown)
    select_name(
        "Decision",
        list(described),
        number,
        "chosen-decision-number",
        lambda choice: st.query_params.from_dict({DECISION: choice}),
        format_func=described.__getitem__,
    )
    return next(entry for entry in entries if str(entry.sequence) == number)


def _show_decision(entry: JournalEntry) -> None:
    st.markdown(f"{headline(entry)} · {entry.at:%Y-%m-%d %H:%M} UTC · {plain(entry.who)}")
    entries = list(cached.journal())
    terms = entry.canary
    if entry.action == CANARY and terms is not None:
        section("Canary", lambda: show_canary(entry, terms, entries))
    else:
        show_beginning(entry, entries)
    st.markdown("\n".join(f"- {sentence(reason)}" for reason in entry.reasons))
    decision = None
    with error_boundary():
        details = cached.details(entry.to_version)
        _show_links(entry, details)
        decision = _decision(entry.sequence)
        if decision is None:
            st.info("No gate was asked for this decision, so there is no table of them.")
    if decision is not None:
        section("Gates", lambda: _show_gates(decision))
        section("Production images", lambda: show_production(decision))
        section("Labels", lambda: show_labels(decision))


@st.cache_resource(max_entries=20, show_spinner="Fetching what the gates measured …")
def _decision(number: int) -> Decision | None:
    """Entries and their evidence never change."""
    entry = next(entry for entry in cached.journal() if entry.sequence == number)
    run = cached.details(entry.to_version).run
    return services.current().catalogue.decision(run, entry)


def _show_links(entry: JournalEntry, details: VersionDetails) -> None:
    current, version = services.current(), entry.to_version
    with st.container(horizontal=True, vertical_alignment="center"):
        url = current.catalogue.version_url(version)
        st.link_button(f"Version {version} in MLflow ↗", url, type="tertiary")
        st.link_button("Its run in MLflow ↗", details.run.url, type="tertiary")
        if address := _flow_run_url(entry):
            st.link_button("The flow run in Prefect ↗", address, type="tertiary")
        against = entry.from_version
        if against and against != version and st.button("Compare both versions", type="tertiary"):
            go_to("compare", urlencode({"first": against, "second": version}))


def _flow_run_url(entry: JournalEntry) -> str | None:
    """Find the page of the flow run that decided; None if it cannot be told."""
    name, prefect = run_name(entry), services.current().prefect
    try:
        run = None if name is None else prefect.run_before(name, entry.at)
    except MnistError:
        return None
    return None if run is None else prefect.run_url(run.id)


def _show_gates(decision: Decision) -> None:
    frame = queries.gates(decision)
    if frame.empty:
        st.info("No gate was asked: there was nothing to measure.")
        return
    counts = frame["outcome"].value_counts()
    names = {
        Status.FAILED: "Each of them alone keeps a version from being promoted.",
        Status.PASSED: "",
        Status.NOT_MEASURED: "The policy does not require them.",
    }
    tables.figures(
        (f"Gates {status}", str(counts.get(status, 0)), meaning)
        for status, meaning in names.items()
    )
    _show_comparison(decision)
    red = tables.alarm()
    tables.table(
        frame.style.map(lambda outcome: red if outcome == Status.FAILED else "", ["outcome"]),
        "The gates with what they measured, failed ones first",
        {
            "kind": st.column_config.TextColumn(width=140),
            "measured": tables.number(format=_FIGURES),
            "limit": tables.number(format=_FIGURES),
            "sentence": st.column_config.TextColumn("in words", width="large"),
        },
        placeholder="",
    )
    st.caption(f"Policy {plain(decision.policy_version)}; docs/gates.md has a row for each gate.")


def _show_comparison(decision: Decision) -> None:
    compared = queries.comparison(decision)
    if compared is None:
        return
    test, gap = compared["test"], compared["difference"]
    st.markdown(
        f"On {counted(compared['images'], 'test image')} the candidate alone is right for "
        f"**{test['gained']:,}** and the champion alone for **{test['lost']:,}** "
        f"(exact McNemar test, p = {test['p_value']:.3g}); the difference in accuracy is "
        f"{percent(gap['estimate'])}, its interval {percent(gap['low'])} to {percent(gap['high'])}."
    )
