"""Drift: today's rows compared with a reference, and what each change points at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mnist.digits import CLASSES, CodeWithSentence
from mnist.monitoring.answers import values_beside
from mnist.monitoring.causes import PICTURE_CAUSES, Cause, causes_of
from mnist.monitoring.distances import (
    Values,
    chi_squared,
    fisher,
    kolmogorov_smirnov,
    population_stability,
    stability_within,
)
from mnist.monitoring.label_shift import Shares, estimate_shares
from mnist.monitoring.measures import NUMBERS, SHARES, Measure
from mnist.tables import PROBABILITY_COLUMNS

_WATCHED = len(NUMBERS) + len(SHARES)

_LEAST_OF_DIGIT = 8
"""Images of a digit that both sides need for it to be compared."""


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
        then: Its mean in the reference; for shares that of the last class.
        now: The same now.
        stability: Population stability index.
        p_value: That both are the same: Kolmogorov-Smirnov within each digit, combined by Fisher,
            for numbers; chi-squared for shares.
        distance: Mean Kolmogorov-Smirnov distance, 0-1; for shares half the sum of differences.
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
        verdict: What has changed, if anything, by what is to be done about it.
        causes: Why, as far as rows tell.
    """

    rows: int
    reference_rows: int
    drifts: tuple[Drift, ...]
    shares: Shares | None
    reference_shares: Shares | None
    verdict: Verdict
    causes: tuple[Cause, ...] = ()


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
    moved = {d.measure.name: d.now - d.then for d in drifts if d.has_moved}
    causes = causes_of(moved, {d.measure.name: d.distance for d in drifts})
    return DriftComparison(
        rows=current.num_rows,
        reference_rows=reference.num_rows,
        drifts=drifts,
        shares=_shares(current),
        reference_shares=_shares(reference),
        verdict=_verdict(causes) if drifts else Verdict.TOO_FEW,
        causes=causes,
    )


def _drifts(reference: pa.Table, current: pa.Table, limits: Limits) -> Iterator[Drift]:
    for measure in (*NUMBERS, *SHARES):
        before = _comparable(measure, reference, current)
        (then, then_digits), (now, now_digits) = values_beside(measure, before, current)
        if min(len(then), len(now)) < limits.least_rows:
            continue
        if measure in SHARES:
            yield _of_shares(measure, then, now, limits)
        else:
            samples = [(then[then_digits == d], now[now_digits == d]) for d in range(CLASSES)]
            stability = stability_within(then, then_digits, now, now_digits)
            yield _within_digits(measure, samples, stability, limits)


def _within_digits(
    measure: Measure, samples: Sequence[tuple[Values, Values]], stability: float, limits: Limits
) -> Drift:
    """Compare a measure digit by digit: other shares of the digits are no change of it."""
    pairs = [(then, now) for then, now in samples if min(len(then), len(now)) >= _LEAST_OF_DIGIT]
    tests = [kolmogorov_smirnov(then, now) for then, now in pairs]
    weights = np.array([len(now) for _, now in pairs], np.float64)
    distance = float(np.average([d for d, _ in tests], weights=weights)) if tests else 0.0
    means = [
        float(np.average([values.mean() for values in side], weights=weights)) if pairs else 0.0
        for side in zip(*pairs, strict=True)
    ] or [0.0, 0.0]
    return _drift(
        measure, (means[0], means[1]), stability, fisher([p for _, p in tests]), distance, limits
    )


def _of_shares(measure: Measure, then: Values, now: Values, limits: Limits) -> Drift:
    size = int(max(then.max(), now.max())) + 1
    old, new = (np.bincount(v.astype(np.int64), minlength=size) for v in (then, now))
    shares = old / old.sum(), new / new.sum()
    distance = float(np.abs(shares[0] - shares[1]).sum() / 2)
    stability = population_stability(old, new)
    lasts = float(shares[0][-1]), float(shares[1][-1])
    return _drift(measure, lasts, stability, chi_squared(old, new), distance, limits)


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


def _verdict(causes: Sequence[Cause]) -> Verdict:
    # A faulty scanner changes how strokes look and how sure the network is, so it is asked first.
    if PICTURE_CAUSES & {*causes}:
        return Verdict.SCANNER_CHANGED
    if {Cause.PEN, Cause.WRITERS} & {*causes}:
        return Verdict.WRITING_CHANGED
    return Verdict.MIX_CHANGED if causes else Verdict.STEADY


def _shares(rows: pa.Table) -> Shares | None:
    columns = [rows[name].drop_null().to_numpy() for name in PROBABILITY_COLUMNS]
    probabilities = np.stack(columns, axis=1).astype(np.float32)
    return estimate_shares(probabilities) if len(probabilities) else None
