"""The first thing people look at: whether anything is wrong, and where."""

from collections.abc import Mapping
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from dashboard.components import cached, drift, tables
from dashboard.components.batch_list import BAD
from dashboard.components.boundary import error_boundary
from dashboard.components.champion import accuracy_interval
from dashboard.components.decisions import RunningCanary
from dashboard.components.filters import alternatives
from dashboard.components.links import go_to
from dashboard.components.saved_views import list_views
from dashboard.components.texts import counted, percent, plain, sentence
from dashboard.pages.overview import numbers
from dashboard.pages.overview.acceptance import champions_entry
from dashboard.pages.overview.decisions import journal_or_nothing
from dashboard.pages.overview.numbers import Number
from mnist import services
from mnist.acceptance.sources import ALL_SOURCES, source_of
from mnist.errors import MnistError

_PERIODS = {"7 days": 7, "today": 1, "30 days": 30, "all": None}
_BATCHES_SHOWN = 20
_FEWEST_SOURCES = 2
_CHOSEN = "chosen-on-overview"
_OPENED = "opened-on-overview"


def show_state() -> None:
    """Draw the numbers of a period and its batches, both anew every ten seconds."""
    if opened := st.session_state.pop(_OPENED, None):
        go_to(*opened)  # here, because a fragment cannot leave the page
    list_views()
    with st.container(horizontal=True, vertical_alignment="center"):
        period = alternatives("Receipts of", list(_PERIODS), "period", label_visibility="collapsed")
        source = _choose_source()
    _show_numbers(period, source)


def _choose_source() -> str:
    """Ask for the source of the batches where there are several; empty for all of them."""
    try:
        batches = cached.batches().table["batch"]
    except MnistError:
        return ALL_SOURCES
    declared = services.current().settings.acceptance_sources
    sources = sorted({source_of(batch, declared) for batch in batches})
    if len(sources) < _FEWEST_SOURCES:
        return ALL_SOURCES
    names = [ALL_SOURCES, *sources]
    return st.selectbox(
        "Source",
        names,
        format_func=lambda source: source or "All sources",
        key="source",
        bind="query-params",
        label_visibility="collapsed",
        width=280,
    )


@st.fragment(run_every=10)
def _show_numbers(period: str, source: str) -> None:
    with error_boundary():  # what leaves a fragment reaches no boundary around it
        _show_period(period, source)


def _show_period(period: str, source: str) -> None:
    declared = services.current().settings.acceptance_sources
    batches = numbers.of_source(cached.batches().table, source, declared)
    table = numbers.of_period(batches, _PERIODS[period])
    shown = [
        *numbers.batch_numbers(table),
        *_promise_numbers(source),
        numbers.last_retraining(journal_or_nothing()),
        *numbers.canary_numbers(_canary_or_nothing()),
        _drift_number(source, declared),
    ]
    with st.container(horizontal=True):
        for number in shown:
            _show_number(number)
    sums = numbers.sums(table)
    st.caption(
        f"{counted(sums.batches, 'batch', 'batches')} with {counted(sums.images, 'image')}: "
        f"{_rate(sums.reject_rate)} rejected, {_rate(sums.review_rate)} for review. Without a "
        "receipt, a batch counts in every period."
    )
    if not table.empty:
        _show_batches(numbers.rates(table).head(_BATCHES_SHOWN))


def _show_number(number: Number) -> None:
    with st.container(border=True, width=168, height="stretch"):
        label = f":red[**{number.label}**]" if number.is_bad else number.label
        st.metric(label, number.value, help=plain(number.meaning))
        if number.page and st.button(number.action, key=f"open-{number.label}", type="tertiary"):
            _open(number.page, number.address)


def _promise_numbers(source: str) -> list[Number]:
    """Say whether the promise is kept; nothing where there is no champion, or nobody can know."""
    try:
        entry, _ = champions_entry()
    except MnistError:
        return []
    share = percent(services.current().settings.max_accepted_error_rate, 2)
    return [numbers.promise_number(entry, share, source)]


def _canary_or_nothing() -> RunningCanary | None:
    try:
        return cached.canary()
    except MnistError:
        return None


def _drift_number(source: str, declared: str | None) -> Number:
    """Say how many days and batches changed; where nobody can know it, that is said instead."""
    try:
        entries = services.current().monitoring_log.reports.entries(last=drift.REPORTS_SHOWN)
    except MnistError:
        return Number("Drift", "unknown", "The store does not answer.")
    findings = drift.findings(entries)
    return numbers.drift_number(numbers.of_source(findings, source, declared))


def _show_batches(batches: pd.DataFrame) -> None:
    def choose(row: int) -> None:
        st.session_state[_CHOSEN] = batches["batch"].iloc[row]

    red = tables.alarm()
    tables.choice_table(
        batches.style.map(lambda status: red if status in BAD else "", subset=["status"]),
        "Batches of the period: failed ones first, then unfinished ones, then the newest",
        "overview-batches",
        choose,
        {
            "batch": st.column_config.TextColumn(width="medium"),
            "listed": tables.number(format="localized"),
            "rejected": tables.share(),
            "review": tables.share("for review"),
            "finished_at": tables.utc("receipt"),
        },
    )
    if batch := st.session_state.pop(_CHOSEN, None):
        _open("batches", {"batch": batch})


def _open(page: str, address: Mapping[str, str]) -> None:
    """Have the whole page drawn again, which then leads to the other one."""
    st.session_state[_OPENED] = page, urlencode(address)
    st.rerun()


def show_champion() -> None:
    """Say which version scores, how good it is, and where there is more."""
    if difference := cached.alias_problem():
        st.warning(sentence(difference))
    champion = cached.champion()
    st.markdown(champion.headline)
    if canary := cached.canary():
        st.info(f"{plain(canary.sentence)} `judge-canary` decides.")
    if not champion.is_mnist:
        st.warning(champion.origin_warning)
    if champion.evaluation is None:
        st.warning(sentence(champion.problem or "The champion's run kept no evaluation.json."))
    else:
        accuracy = accuracy_interval(champion.evaluation)
        st.markdown(
            f"**{percent(accuracy.estimate)}** of the test images predicted correctly, 95 % "
            f"interval {percent(accuracy.low)} to {percent(accuracy.high)}."
        )
    if st.button("Its numbers and its confusion matrix", type="tertiary"):
        go_to("champion", urlencode({"version": champion.details.version}))


def _rate(rate: float | None) -> str:
    return "none" if rate is None else percent(rate, 1)
