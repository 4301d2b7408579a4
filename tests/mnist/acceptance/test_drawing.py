"""The draw of audits: the same every time, foreseen by nobody, and fair."""

import hashlib

import numpy as np
import pytest

from mnist.acceptance.drawing import audits_needed, draw_audits, draws

KEY = b"a key"


def digests(count, mark=""):
    return [hashlib.sha256(f"{mark}{number}".encode()).hexdigest() for number in range(count)]


def test_the_same_images_are_drawn_again_in_any_order():
    names, confidence = digests(5_000), np.linspace(0.5, 1, 5_000)
    first = [names[row] for row in draw_audits("b", names, confidence, 0.02, KEY)]
    mixed = np.random.default_rng(0).permutation(5_000)
    shuffled = [names[row] for row in mixed]
    again = draw_audits("b", shuffled, confidence[mixed], 0.02, KEY)
    assert [shuffled[row] for row in again] == first


def test_another_key_draws_others():
    names, confidence = digests(5_000), np.full(5_000, 0.9999)
    one, other = (set(draw_audits("b", names, confidence, 0.02, key)) for key in (KEY, b"other"))
    assert len(one & other) < 20 < len(one)


def test_every_band_of_confidence_gives_its_share():
    confidence = np.repeat([0.5, 0.95, 0.995, 0.9999], [200, 300, 500, 4_000])
    drawn = draw_audits("b", digests(5_000), confidence, 0.02, KEY)
    counts = [int((confidence[drawn] == level).sum()) for level in (0.5, 0.95, 0.995, 0.9999)]
    assert np.abs(np.array(counts) - [4, 6, 10, 80]).max() <= 1


def test_many_tiny_batches_give_the_share_all_together():
    drawn = sum(
        len(draw_audits(f"b{n}", digests(10, f"{n}-"), np.full(10, 0.9999), 0.02, KEY))
        for n in range(2_000)
    )
    assert drawn == pytest.approx(400, abs=60)


def test_a_copy_is_drawn_once_and_an_empty_batch_not_at_all():
    copies = ["a" * 64] * 50
    assert len(draw_audits("b", copies, np.full(50, 0.9), 1.0, KEY)) <= 1 + 1
    assert len(draw_audits("b", [], np.empty(0), 0.5, KEY)) == 0


def test_a_larger_share_keeps_what_a_smaller_one_draws():
    names, confidence = digests(3_000), np.full(3_000, 0.9999)
    small, large = (set(draw_audits("b", names, confidence, s, KEY)) for s in (0.01, 0.05))
    assert small < large


def test_draws_are_even():
    numbers = draws(digests(10_000), KEY)
    assert 0 <= numbers.min() < numbers.max() < 1
    assert np.histogram(numbers, 10, (0, 1))[0] == pytest.approx(1_000, abs=120)


def test_the_cost_of_a_wanted_precision():
    assert audits_needed(0.002, 0.001) == 7_668
    assert audits_needed(0.01, 0.01) == 381
