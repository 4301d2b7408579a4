"""Queries remembered for a few seconds, so that one look asks store and registry once.

Answers are shared by everybody who looks: never change them in place. Errors are not remembered.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import thumbnails, wiring
from dashboard.prefect_api import FlowRun
from dashboard.queries import batches as batch_queries
from dashboard.queries import health as health_queries
from dashboard.queries import models as model_queries
from dashboard.queries import reviews as review_queries
from dashboard.queries import rows as row_queries
from dashboard.queries.batches import Status
from mnist.errors import MnistError
from mnist.keys import ObjectVersion
from mnist.registry.records import TrainingRun
from mnist.reviews.queue import BatchPredictions
from mnist.storage.audit import AuditLine
from mnist.storage.journal import JournalEntry

_RUNS_SHOWN = 20


@st.cache_resource(ttl=10, show_spinner=False)
def champion() -> model_queries.Champion:
    """The champion and its evaluation."""
    return model_queries.champion(wiring.catalogue())


def champion_if_known() -> str | None:
    """The champion's version, or None where there is none or nobody can say."""
    try:
        return champion().details.version
    except MnistError:
        return None


@st.cache_resource(ttl=10, show_spinner=False)
def journal() -> list[JournalEntry]:
    """All decisions, the oldest first."""
    return model_queries.all_decisions(wiring.journal())


def journal_if_known() -> list[JournalEntry]:
    """All decisions, or none where the store does not answer; the page says that elsewhere."""
    try:
        return journal()
    except MnistError:
        return []


@st.cache_resource(ttl=10, show_spinner=False)
def training_runs() -> list[TrainingRun]:
    """The last training runs, the newest first."""
    return wiring.catalogue().runs(_RUNS_SHOWN)


@st.cache_resource(ttl=5, show_spinner=False)
def flow_runs() -> Sequence[FlowRun]:
    """The last flow runs, the newest first."""
    return wiring.prefect_api().last_runs(_RUNS_SHOWN)


@st.cache_resource(ttl=3, show_spinner=False)
def last_changes() -> Sequence[AuditLine]:
    """What people changed last, the newest first."""
    return wiring.audit_log().last(_RUNS_SHOWN)


@st.cache_resource(ttl=10, show_spinner=False)
def health() -> list[health_queries.Health]:
    """How store, registry and orchestrator are."""
    return health_queries.health(
        {
            "Object store": wiring.inbox().batches,
            "Model registry": lambda: wiring.catalogue().runs(1),
            "Prefect": lambda: health_queries.ask_prefect(wiring.orchestrator().api_url),
        }
    )


@st.cache_resource(ttl=3, show_spinner=False)
def batches() -> batch_queries.Batches:
    """Every batch that was dropped or scored."""
    return batch_queries.all_batches(wiring.inbox(), wiring.results(), wiring.verifications())


@st.cache_resource(ttl=3, show_spinner=False, max_entries=100)
def part_keys(batch: str) -> tuple[str, ...]:
    """The parts of a batch that lie in the store now."""
    return tuple(wiring.results().part_keys(batch))


@st.cache_resource(ttl=30, show_spinner=False, max_entries=100)
def rescored_parts(batch: str) -> tuple[str, ...]:
    """The parts of a batch that other versions have scored again."""
    return tuple(wiring.rescores().keys_of(batch))


def forget_batches() -> None:
    """Ask the store again at the next look."""
    batches.clear()
    part_keys.clear()


@st.cache_resource(max_entries=4, show_spinner="Reading the rows of this batch …")
def rows(batch: str, parts: tuple[str, ...]) -> row_queries.BatchRows:  # noqa: ARG001
    """The rows of a batch; parts never change, so other parts are another question."""
    return row_queries.batch_rows(wiring.results(), batch)


@st.cache_resource(max_entries=4, show_spinner="Reading the rows of this batch …")
def readings(batch: str, parts: tuple[str, ...], again: tuple[str, ...]) -> BatchPredictions:  # noqa: ARG001
    """What a model reads in a batch, and others read otherwise, as far as the review queue asks."""
    table = wiring.rescores().read(again, review_queries.AGAIN)
    return review_queries.readings(wiring.results(), batch, table)


def reviewable_batches() -> list[str]:
    """Batches with rows: unfinished ones, then the newest first."""
    table = batches().table
    return [
        name
        for name, status in zip(table["batch"], table["status"], strict=True)
        if status not in {Status.EMPTY, Status.WAITING}
    ]


def champion_confusion() -> Sequence[Sequence[int]] | None:
    """The champion's confusion matrix, or None where there is none to be had."""
    try:
        evaluation = champion().evaluation
    except MnistError:
        return None
    return evaluation.confusion if evaluation is not None else None


@st.cache_resource(max_entries=100, ttl=600, show_spinner="Fetching the images …")
def thumbnails_of(
    versions: tuple[ObjectVersion, ...], view: thumbnails.Rendering
) -> list[thumbnails.Thumbnail]:
    """Small pictures of some object versions, in order."""
    return thumbnails.thumbnails(wiring.inbox(), versions, view)
