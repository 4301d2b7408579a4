"""What the line network says of values, against every way to place digits along a short line."""

from itertools import groupby, product

import numpy as np
import pytest

from mnist.layouts.sequences import ANSWERS, log_probability, most_probable


@pytest.fixture(params=range(5))
def scores(request):
    """Five steps, in which only no digit and the digits 3 and 7 are at all probable."""
    values = np.full((5, ANSWERS), -9.0)
    values[:, [0, 4, 8]] = np.random.default_rng(request.param).normal(size=(5, 3))
    return (values - np.logaddexp.reduce(values, axis=1, keepdims=True)).astype(np.float32)


def ways(scores):
    """Every way: its value, and the logarithm of its probability."""
    for symbols in product((None, 3, 7), repeat=len(scores)):
        value = tuple(symbol for symbol, _ in groupby(symbols) if symbol is not None)
        places = [0 if symbol is None else symbol + 1 for symbol in symbols]
        yield value, float(scores[np.arange(len(scores)), places].sum())


@pytest.mark.parametrize("value", [(), (3,), (7, 3), (3, 3), (3, 7, 7)])
def test_a_value_has_the_sum_over_all_ways_to_place_its_digits(scores, value):
    expected = np.logaddexp.reduce([score for way, score in ways(scores) if way == value])
    assert log_probability(scores, value) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_of_a_declared_length_the_value_with_the_best_way_is_found(scores, count):
    best = max((way for way in ways(scores) if len(way[0]) == count), key=lambda way: way[1])
    assert most_probable(scores, count) == best[0]


def test_without_a_declared_length_it_is_the_best_way_of_all(scores):
    assert most_probable(scores, None) == max(ways(scores), key=lambda way: way[1])[0]


def test_a_line_too_short_for_so_many_digits_gives_fewer(scores):
    assert len(most_probable(scores, 9)) == 3
