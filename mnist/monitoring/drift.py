"""Drift: today's rows compared with a reference, and what each change points at."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mnist.digits import CodeWithSentence
from mnist.monitoring.distances import (
    cells,
    chi_squared,
    kolmogorov_smirnov,
    population_stability,
)
from mnist.monitoring.label_shift import Shares, estimate_shares
from mnist.monitoring.measures import (
    CLASSIFICATIONS,
    NUMBERS,
    Measure,
    Speaks,
    classes_of,
    numbers_of,
)
from mnist.tables import PROBABILITY_COLUMNS

_WATCHED = len(NUMBERS) + len(CLASSIFICATIONS)


class Verdict(CodeWithSentence):
    """What has changed, by what is to be done about it."""

    TOO_FEW = (
        "too-few",
        "Too few images, here or in the reference, to tell a change from chance.",
    )
    STEADY = "steady", "Nothing has changed that matters."
    SCANNER_CHANGED = (
        "scanner-changed",
        "The pictures themselves have changed: a person should look at scanner, camera or export. "
        "Training on them would teach the fault.",
    )
    WRITING_CHANGED = (
        "writing-changed",
        "The pictures are as before and the writing in them is not: review some and retrain.",
    )
    MIX_CHANGED = (
        "mix-changed",
        "Pictures and strokes are as before, only the digits come in other shares. Check that "
        "against what is known of the forms; the model need not change.",
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on a difference counts: size and significance both.

    Size alone may be chance, and among many images the smallest difference is significant.

    Attributes:
        stability: Population stability index.
        p_value: Of the test, before it is divided by the number of measures (Bonferroni).
        least_rows: Rows that both sides need.
    """

    stability: float = 0.25
    p_value: float = 0.001
    least_rows: int = 100


@dataclass(frozen=True, slots=True)
class Drift:
    """One measure in the reference and now.

    Attributes:
        measure: Which.
        then: Its mean in the reference; the share of the first class for classes.
        now: The same now.
        stability: Population stability index.
        p_value: That both are the same: Kolmogorov-Smirnov for numbers, chi-squared for classes.
        distance: Kolmogorov-Smirnov distance, 0-1; for classes half the sum of differences.
        has_moved: Whether both limits are exceeded.
    """

    measure: Measure
    then: float
    now: float
    stability: float
    p_value: float
    distance: float
    has_moved: bool


@dataclass(frozen=True)
class DriftComparison:
    """Some rows compared with the reference.

    Attributes:
        rows: How many rows.
        reference_rows: How many rows the reference has.
        drifts: One for each measure that could be compared.
        shares: Estimated true share of each digit; None without predictions.
        reference_shares: The same for the reference.
        verdict: What has changed, if anything.
    """

    rows: int
    reference_rows: int
    drifts: tuple[Drift, ...]
    shares: Shares | None
    reference_shares: Shares | None
    verdict: Verdict


def compare(reference: pa.Table, current: pa.Table, limits: Limits) -> DriftComparison:
    """Compare rows with the reference.

    Args:
        reference: Rows with at least the columns of `mnist.monitoring.measures.COLUMNS`.
        current: The same.
        limits: From when on a difference counts.
    """
    drifts: tuple[Drift, ...] = ()
    if min(reference.num_rows, current.num_rows) >= limits.least_rows:
        drifts = tuple(_drifts(reference, current, limits))
    return DriftComparison(
        rows=current.num_rows,
        reference_rows=reference.num_rows,
        drifts=drifts,
        shares=_shares(current),
        reference_shares=_shares(reference),
        verdict=_verdict(drifts),
    )


def _drifts(reference: pa.Table, current: pa.Table, limits: Limits) -> Iterator[Drift]:
    for measure in NUMBERS:
        then = numbers_of(measure, _comparable(measure, reference, current))
        now = numbers_of(measure, current)
        if min(len(then), len(now)) >= limits.least_rows:
            distance, p_value = kolmogorov_smirnov(then, now)
            stability = population_stability(*cells(then, now))
            means = float(then.mean()), float(now.mean())
            yield _drift(measure, means, stability, p_value, distance, limits)
    for measure in CLASSIFICATIONS:
        old = classes_of(measure, _comparable(measure, reference, current))
        new = classes_of(measure, current)
        if min(old.sum(), new.sum()) >= limits.least_rows:
            shares = old / old.sum(), new / new.sum()
            distance = float(np.abs(shares[0] - shares[1]).sum() / 2)
            stability = population_stability(old, new)
            firsts = float(shares[0][-1]), float(shares[1][-1])
            yield _drift(measure, firsts, stability, chi_squared(old, new), distance, limits)


def _drift(
    measure: Measure,
    means: tuple[float, float],
    stability: float,
    p_value: float,
    distance: float,
    limits: Limits,
) -> Drift:
    has_moved = stability >= limits.stability and p_value < limits.p_value / _WATCHED
    return Drift(measure, *means, stability, p_value, distance, has_moved)


def _comparable(measure: Measure, reference: pa.Table, current: pa.Table) -> pa.Table:
    """Keep the reference rows made by the same model or preprocessing, where that matters."""
    if not measure.depends_on:
        return reference
    origins = current[measure.depends_on].unique()
    return reference.filter(pc.is_in(reference[measure.depends_on], value_set=origins))


def _verdict(drifts: tuple[Drift, ...]) -> Verdict:
    if not drifts:
        return Verdict.TOO_FEW
    moved = {drift.measure.speaks_of for drift in drifts if drift.has_moved}
    # A faulty scanner changes how strokes look and how sure the network is, so it is asked first.
    if Speaks.SOURCE in moved:
        return Verdict.SCANNER_CHANGED
    if Speaks.WRITING in moved:
        return Verdict.WRITING_CHANGED
    return Verdict.MIX_CHANGED if Speaks.MIX in moved else Verdict.STEADY


def _shares(rows: pa.Table) -> Shares | None:
    columns = [rows[name].drop_null().to_numpy() for name in PROBABILITY_COLUMNS]
    probabilities = np.stack(columns, axis=1).astype(np.float32)
    return estimate_shares(probabilities) if len(probabilities) else None
