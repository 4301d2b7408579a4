"""Drift: distances against scipy, and the right word for each kind of change."""

import numpy as np
import pyarrow as pa
import pytest
import scipy.special
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnist.monitoring.distances import (
    cells,
    chi_squared,
    kolmogorov_smirnov,
    population_stability,
)
from mnist.monitoring.drift import DriftComparison, Limits, Verdict, compare
from mnist.monitoring.label_shift import EVEN, estimate_shares
from tests.daily_rows import people
from tests.factories import rows, version

LIMITS = Limits()
samples = arrays(np.float64, st.integers(20, 200), elements=st.integers(0, 30).map(float))


def verdict(**changes) -> Verdict:
    return compare(people(2_000, 1), people(1_000, 2, **changes), LIMITS).verdict


@given(samples, samples)
@settings(max_examples=30)
def test_the_distance_is_the_largest_difference_of_the_distribution_functions(old, new):
    distance, p_value = kolmogorov_smirnov(old, new)
    gaps = [abs((old <= value).mean() - (new <= value).mean()) for value in (*old, *new)]
    assert distance == pytest.approx(max(gaps), abs=1e-12)
    size = len(old) * len(new) / (len(old) + len(new))
    assert p_value == pytest.approx(scipy.special.kolmogorov(np.sqrt(size) * distance), abs=0.1)


@given(arrays(np.int64, (2, 6), elements=st.integers(0, 500)))
def test_the_test_of_shares_is_pearsons(table):
    if not table.sum(axis=1).all():
        return
    occurring = table[:, table.sum(axis=0) > 0]
    if occurring.shape[1] < 2:
        assert chi_squared(*table) == 1
        return
    expected = np.outer(occurring.sum(axis=1), occurring.sum(axis=0)) / occurring.sum()
    statistic = ((occurring - expected) ** 2 / expected).sum()
    oracle = scipy.special.chdtrc(occurring.shape[1] - 1, statistic)
    assert chi_squared(*table) == pytest.approx(oracle, abs=1e-9)


@given(arrays(np.int64, (2, 6), elements=st.integers(0, 10_000)))
def test_stability_is_the_sum_of_both_relative_entropies(table):
    old, new = (counts + 0.5 for counts in table)
    oracle = scipy.stats.entropy(old, new) + scipy.stats.entropy(new, old)
    assert population_stability(*table) == pytest.approx(oracle, abs=1e-9)
    assert population_stability(table[0], table[0]) == 0


@given(samples, samples)
@settings(max_examples=30)
def test_every_image_falls_into_one_cell_and_the_reference_decides_which(old, new):
    for sample in (old, new):
        counted = cells(old, sample)[1]
        assert counted.sum() == len(sample)
    assert len(cells(old, new)[0]) == len(cells(old, new)[1]) <= 11


def test_a_size_that_was_never_seen_has_a_cell_of_its_own():
    old, new = cells(np.full(50, 28.0), np.array([28.0, 27.0, 400.0]))
    assert old.tolist() == [50, 0]
    assert new.tolist() == [1, 2]


def test_shares_are_found_behind_a_network_that_confuses_digits():
    random = np.random.default_rng(0)
    true = np.array([0.4, 0.3, 0.1, 0.05, 0.05, 0.02, 0.02, 0.02, 0.02, 0.02])
    confusion = np.full((10, 10), 0.03) + 0.7 * np.eye(10)
    labels = random.choice(10, 20_000, p=true)
    read = (random.random((20_000, 1)) > confusion[labels].cumsum(axis=1)).sum(axis=1)
    posteriors = confusion * EVEN[:, None]
    posteriors /= posteriors.sum(axis=0)
    estimated = estimate_shares(posteriors.T[read].astype(np.float32))
    counted = np.bincount(read, minlength=10) / len(read)
    assert np.abs(estimated - true).max() < 0.02
    assert np.abs(counted - true).max() > 0.08


def test_other_people_on_the_same_scanner_are_no_change():
    assert verdict() is Verdict.STEADY
    assert verdict(ink=lambda ink: ink + 0.003) is Verdict.STEADY


@pytest.mark.parametrize(
    "change",
    [
        {"brightness": lambda level: level - 25},
        {"contrast": lambda level: level * 0.7},
        {"width": lambda width: width + 100},
        {"brightness": lambda level: level - 25, "ink": lambda ink: ink * 2},
    ],
)
def test_another_lamp_lens_or_resolution_is_the_scanner_whatever_else_moves(change):
    assert verdict(**change) is Verdict.SCANNER_CHANGED


@pytest.mark.parametrize(
    "change",
    [{"ink": lambda ink: ink * 1.6}, {"confidence": lambda sure: sure * 0.9}],
)
def test_thicker_strokes_or_lost_confidence_on_the_same_pictures_are_the_writing(change):
    assert verdict(**change) is Verdict.WRITING_CHANGED


def test_more_of_some_digits_is_the_mix():
    shares = np.array([0.37, *[0.07] * 9])
    assert verdict(shares=shares) is Verdict.MIX_CHANGED
    comparison = compare(people(2_000, 1), people(1_000, 2, shares=shares), LIMITS)
    assert comparison.shares is not None
    assert comparison.shares[0] == pytest.approx(0.37, abs=0.04)


def test_many_rejects_are_a_matter_of_the_source():
    rejected = rows(
        *(version(f"b/r{i}.png") for i in range(400)),
        outcome="rejected", digit=None, confidence=None, ink=None,
    )  # fmt: skip
    mixed = pa.concat_tables([people(600, 2), rejected])
    assert compare(people(2_000, 1), mixed, LIMITS).verdict is Verdict.SCANNER_CHANGED


def test_a_new_model_is_not_taken_for_new_writing():
    surer = people(1_000, 2, confidence=lambda sure: sure * 0.9)
    position = surer.column_names.index("model_digest")
    other = pa.array(["another"] * 1_000)
    surer = surer.set_column(position, surer.schema.field("model_digest"), other)
    comparison = compare(people(2_000, 1), surer, LIMITS)
    assert comparison.verdict is Verdict.STEADY
    assert "confidence" not in {drift.measure.name for drift in comparison.drifts}
    assert "ink" in {drift.measure.name for drift in comparison.drifts}


def test_few_rows_prove_nothing():
    few: DriftComparison = compare(people(2_000, 1), people(99, 2), LIMITS)
    assert (few.verdict, few.drifts) == (Verdict.TOO_FEW, ())
    assert compare(people(0, 1), people(500, 2), LIMITS).verdict is Verdict.TOO_FEW


def test_rows_from_before_the_columns_existed_prove_nothing_about_them():
    old = people(500, 1, ink=lambda ink: np.array([None] * len(ink)))
    comparison = compare(old, people(500, 2), LIMITS)
    assert "ink" not in {drift.measure.name for drift in comparison.drifts}


def test_a_steady_stream_raises_no_alarm_in_forty_days():
    reference = people(2_000, 1)
    alarms = [
        seed
        for seed in range(40)
        if compare(reference, people(300, 10 + seed), LIMITS).verdict is not Verdict.STEADY
    ]
    assert alarms == []


def test_every_verdict_says_what_to_do():
    assert all(member.sentence.endswith(".") for member in Verdict)
