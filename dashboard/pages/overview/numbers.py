"""Whether anything is wrong, as numbers that name the page behind them, and batches with shares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain

import pandas as pd

from dashboard.components import drift
from dashboard.components.batch_list import BAD, UNFINISHED
from dashboard.components.decisions import DECISION, RunningCanary
from mnist.acceptance.sources import ALL_SOURCES, Basis, SourceThreshold, source_of, threshold_for
from mnist.canary import CANARY_VERDICTS
from mnist.monitoring.report import WHOLE_DAY
from mnist.storage.acceptance import AcceptanceEntry
from mnist.storage.journal import OVERRIDE, ROLLBACK, JournalEntry

_FIRST = BAD | UNFINISHED
_FAILED = "Batches that failed or are incomplete: look at the reasons, mend the source."
_WAITING = "Batches without a receipt; the watcher takes them up within seconds."
_REVIEW = "Images that were scored and not accepted; the batch with the most comes first."


@dataclass(frozen=True)
class Number:
    """A number of the first screen, and the page that shows what is behind it.

    Attributes:
        label: What is counted.
        value: The number, or a word where there is none.
        meaning: What it means, and what to do.
        page: Name of the page that it leads to; empty if it leads nowhere.
        address: What stands in that page's address.
        action: Text of the button that leads there.
        is_bad: Whether a person has to do something about it.
    """

    label: str
    value: str
    meaning: str
    page: str = ""
    address: Mapping[str, str] = field(default_factory=dict)
    action: str = "Show"
    is_bad: bool = False


@dataclass(frozen=True)
class Sums:
    """Sums over the newest receipts of some batches.

    Attributes:
        batches: How many there are.
        images: Images that these listed.
        reject_rate: Share of them rejected, 0-1; None without images.
        review_rate: Share of them scored and not accepted, 0-1; None without images.
    """

    batches: int
    images: int
    reject_rate: float | None
    review_rate: float | None


def of_period(table: pd.DataFrame, days: int | None, now: datetime | None = None) -> pd.DataFrame:
    """Keep batches without a receipt, and those whose receipt is of the last days, UTC.

    Args:
        table: See `dashboard.components.batch_list.Batches`.
        days: Today counts as one; None for all receipts.
        now: Moment of the look.
    """
    if days is None:
        return table
    midnight = pd.Timestamp(now or datetime.now(UTC)).tz_convert(None).normalize()
    recent = table["finished_at"] > midnight - pd.Timedelta(days=days - 1)
    return table[table["finished_at"].isna() | recent]


def of_source(table: pd.DataFrame, source: str, declared: str | None) -> pd.DataFrame:
    """Keep what is about the batches of a source.

    Args:
        table: Has a column `batch`.
        source: See `mnist.acceptance.sources.source_of`; empty for all.
        declared: Declared sources, with commas between.
    """
    if not source:
        return table
    return table[[source_of(batch, declared) == source for batch in table["batch"]]]


def sums(table: pd.DataFrame) -> Sums:
    """Sum up batches; those without a receipt count as without images."""
    images, rejected, review = (
        int(table[name].fillna(0).sum()) for name in ("listed", "rejected", "review")
    )
    rates = (rejected / images, review / images) if images else (None, None)
    return Sums(len(table), images, *rates)


def rates(table: pd.DataFrame) -> pd.DataFrame:
    """List batches with their own shares, in which no large batch hides a small one.

    Returns:
        Columns `batch`, `status`, `listed`, `rejected` and `review` (shares of the listed, 0-1)
        and `finished_at`: failed batches first, then unfinished ones, then the newest first.
    """
    order = table["status"].map(lambda status: (status not in BAD) + (status not in _FIRST))
    listed = table["listed"].where(table["listed"] > 0).astype("Float64")
    shares = table[["batch", "status", "listed", "rejected", "review", "finished_at"]].assign(
        rejected=table["rejected"] / listed, review=table["review"] / listed
    )
    return shares.iloc[order.argsort(kind="stable")].reset_index(drop=True)


def batch_numbers(table: pd.DataFrame) -> list[Number]:
    """Count failed batches, waiting batches and images for review, each with the first of them."""
    failed = table[table["status"].isin(BAD)]
    waiting = table[table["status"].isin(UNFINISHED)]
    review = table[table["review"].fillna(0) > 0].sort_values("review", ascending=False)
    return [
        _batches_number("Failed", failed, {"outcome": "rejected"}, _FAILED),
        _batches_number("Waiting", waiting, {}, _WAITING),
        replace(
            _batches_number("For review", review, {}, _REVIEW),
            value=f"{int(review['review'].sum()):,}",
            page="review" if len(review) else "",
            is_bad=False,
        ),
    ]


def _batches_number(
    label: str, batches: pd.DataFrame, query: Mapping[str, str], meaning: str
) -> Number:
    if batches.empty:
        return Number(label, "0", meaning)
    address = {"batch": str(batches["batch"].iloc[0]), **query}
    is_bad = set(batches["status"]) <= BAD
    return Number(label, f"{len(batches):,}", meaning, "batches", address, is_bad=is_bad)


def last_retraining(entries: Sequence[JournalEntry]) -> Number:
    """Say how the last training ended that was judged by the gates."""
    others = {OVERRIDE, ROLLBACK, *CANARY_VERDICTS}
    judged = [entry for entry in entries if entry.verdict not in others]
    label = "Last retraining"
    if not judged:
        return Number(label, "none", "Nothing has been trained and judged yet.")
    last = judged[-1]
    meaning = f"{last.at:%Y-%m-%d %H:%M} UTC, version {last.to_version}: {' '.join(last.reasons)}"
    value = last.action.replace("-", " ")
    return Number(label, value, meaning, "decisions", {DECISION: str(last.sequence)})


def canary_numbers(running: RunningCanary | None) -> list[Number]:
    """Say which version is on canary and how far it is; nothing where none is."""
    if running is None:
        return []
    address = {DECISION: str(running.entry.sequence)}
    value = f"version {running.entry.to_version}"
    return [Number("Canary", value, running.sentence, "decisions", address)]


def promise_number(
    entry: AcceptanceEntry | None, promise: str, source: str = ALL_SOURCES
) -> Number:
    """Say whether what is promised about accepted predictions is kept, as far as audits show.

    Args:
        entry: The thresholds of the champion; None if nobody has audited its predictions.
        promise: Largest share of wrong ones, as text.
        source: Whose predictions; one without a threshold of its own has that of all sources.
    """
    label, promised = "Promise", f"At most {promise} of the accepted predictions wrong."
    chosen = [] if entry is None else _thresholds(entry, source)
    if not chosen:
        few = "Nobody has audited this version yet, so only its surest predictions are accepted."
        return Number(label, "not audited", f"{promised} {few}", "review", action="Audit")
    broken = [one.sentence for one in chosen if one.is_broken]
    if broken:
        meaning = " ".join([promised, *broken])
        return Number(label, "broken", meaning, "labels", is_bad=True)
    value = "kept" if chosen[0].basis is Basis.PROVEN else "not proven"
    return Number(label, value, f"{promised} {chosen[0].sentence}", "labels")


def _thresholds(entry: AcceptanceEntry, source: str) -> list[SourceThreshold]:
    """List the thresholds of digits and of values that a source has, the deciding one first."""
    kinds = (entry.thresholds, entry.value_thresholds)
    if source != ALL_SOURCES:
        return [one for kind in kinds if (one := threshold_for(kind, source)) is not None]
    return sorted(chain(*kinds), key=lambda one: one.source != ALL_SOURCES)


def drift_number(findings: pd.DataFrame) -> Number:
    """Count the alarms of the last reports, and lead to what set off the newest."""
    if findings.empty:
        return Number(
            "Drift",
            "unknown",
            "None of these days and batches has been compared with a reference yet.",
        )
    alarms = drift.alarms(findings)
    if alarms.empty:
        return Number("Drift", "none", "No day and no batch was found changed.", "drift")
    newest = alarms.iloc[0]
    address = {"day": str(newest["day"])}
    if newest["batch"] != WHOLE_DAY:
        address["batch"] = str(newest["batch"])
    return Number(
        "Drift",
        f"{len(alarms)} alarms" if len(alarms) > 1 else "1 alarm",
        f"In the last 60 reports; the newest: {drift.sentence_of(newest)}.",
        "drift",
        address,
        is_bad=True,
    )
