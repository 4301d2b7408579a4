"""Weak slices: planted ones are found, chance is not, and the numbers are Fisher's."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from mnist.evaluation.slice_search import crossed_slices, slices_with
from mnist.evaluation.slices import named_slices
from mnist.evaluation.weak_slices import FEWEST_IMAGES, slice_reports
from tests.factories import digit_images


def halves(n):
    return {"left": np.arange(n) < n // 2, "right": np.arange(n) >= n // 2}


def test_a_slice_with_the_errors_in_it_is_weak_and_the_other_is_not():
    correct = np.ones(2_000, bool)
    correct[:20] = False
    weak, other = slice_reports(correct, halves(2_000))
    assert (weak.name, weak.images, weak.errors) == ("left", 1_000, 20)
    assert (weak.accuracy, weak.accuracy_elsewhere) == (0.98, 1.0)
    assert weak.is_weak()
    assert not other.is_weak()


def test_the_p_value_is_that_of_fishers_exact_test():
    generator = np.random.default_rng(1)
    correct = generator.random(500) > 0.1
    mask = generator.random(500) > 0.7
    (report,) = slice_reports(correct, {"some": mask})
    table = [
        [(~correct[mask]).sum(), correct[mask].sum()],
        [(~correct[~mask]).sum(), correct[~mask].sum()],
    ]
    assert report.p_value == pytest.approx(fisher_exact(table, alternative="greater").pvalue)


@pytest.mark.slow
def test_where_errors_fall_anywhere_slices_are_rarely_called_weak():
    generator = np.random.default_rng(0)
    slices = {str(i): generator.random(1_000) < 0.1 for i in range(40)}
    alarms = sum(
        slice_reports(generator.random(1_000) > 0.02, slices)[0].is_weak() for _ in range(60)
    )
    assert alarms <= 7  # at most one in twenty is expected; the chance of 8 of 60 is below 1 %


def test_slices_too_small_to_tell_are_left_out():
    correct = np.zeros(200, bool)
    small = np.arange(200) < FEWEST_IMAGES - 1
    assert slice_reports(correct, {"small": small}) == []


def test_a_slice_of_everything_has_nothing_to_compare_with():
    (report,) = slice_reports(np.ones(100, bool), {"all": np.ones(100, bool)})
    assert np.isnan(report.accuracy_elsewhere)
    assert report.p_value == 1


def test_the_floor_is_what_the_slice_surely_has():
    correct = np.ones(1_000, bool)
    correct[:10] = False
    (report,) = slice_reports(correct, {"all": np.ones(1_000, bool)})
    assert report.floor < report.accuracy
    assert report.floor == 0.983  # Clopper and Pearson: .98311


def test_digits_are_crossed_with_every_named_slice():
    labels = np.arange(10).repeat(20)
    images = digit_images(labels)
    crossed = crossed_slices(images, labels)
    named = named_slices(images)
    assert (crossed["digit 4"] == (labels == 4)).all()
    assert set(named) < set(crossed)
    for name, mask in named.items():
        of_four = crossed.get(f"digit 4, {name}", np.zeros(200, bool))
        assert (of_four == (mask & (labels == 4))).all()
    assert all(mask.any() for mask in crossed.values())


def test_only_the_crossed_slices_asked_for_are_added():
    labels = np.arange(10).repeat(20)
    images = digit_images(labels)
    assert set(slices_with([], images, labels)) == set(named_slices(images))
    names = ["digit 4", "small", "no such slice"]
    assert set(slices_with(names, images, labels)) == {*named_slices(images), "digit 4"}
