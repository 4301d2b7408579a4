"""Temperature scaling: confidences become honest, digits stay."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from mnist.errors import InvalidEvaluation, InvalidInput
from mnist.evaluation.calibration import apply_temperature, fit_temperature
from mnist.evaluation.metrics import calibration_error, evaluate


def honest_readings(images: int = 4_000, seed: int = 0):
    """Return labels drawn from the probabilities themselves: calibrated by construction."""
    generator = np.random.default_rng(seed)
    probabilities = softmax(generator.normal(0, 2.5, (images, 10)), axis=1)
    labels = (probabilities.cumsum(1) > generator.random((images, 1))).argmax(1)
    return labels, probabilities.astype(np.float32)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_finds_the_temperature_that_spoiled_honest_confidences(temperature):
    labels, probabilities = honest_readings()
    spoiled = apply_temperature(probabilities, 1 / temperature)

    assert fit_temperature(labels, spoiled) == pytest.approx(temperature, rel=0.05)


def test_repairs_the_calibration_of_unseen_images():
    labels, probabilities = honest_readings()
    overconfident = apply_temperature(probabilities, 0.3)
    fitted = fit_temperature(labels[:2_000], overconfident[:2_000])

    repaired = apply_temperature(overconfident[2_000:], fitted)

    assert calibration_error(labels[2_000:], overconfident[2_000:]) > 0.15
    assert calibration_error(labels[2_000:], repaired) < 0.04


@settings(max_examples=30, deadline=None)
@given(st.floats(0.1, 10))
def test_never_changes_a_digit_and_rows_still_sum_to_one(temperature):
    labels, probabilities = honest_readings(images=200)

    scaled = apply_temperature(probabilities, temperature)

    assert scaled.dtype == np.float32
    assert (scaled.argmax(1) == probabilities.argmax(1)).all()
    evaluate(labels, scaled)  # refuses rows that do not sum to 1


def test_is_the_softmax_of_divided_logits():
    logits = np.random.default_rng(0).normal(0, 3, (50, 10))

    scaled = apply_temperature(softmax(logits, axis=1).astype(np.float32), 2.0)

    assert scaled == pytest.approx(softmax(logits / 2.0, axis=1), abs=1e-6)


def test_probabilities_rounded_to_zero_stay_finite():
    certain = np.eye(10, dtype=np.float32)

    assert np.isfinite(apply_temperature(certain, 0.1)).all()
    assert 0.05 <= fit_temperature(np.arange(10), certain) <= 20
    assert np.isfinite(fit_temperature(np.arange(10)[::-1].copy(), certain))


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_temperature_is_refused(temperature):
    with pytest.raises(InvalidInput, match=str(temperature)):
        apply_temperature(np.eye(10, dtype=np.float32), temperature)


def test_logits_are_refused():
    with pytest.raises(InvalidEvaluation, match="logits"):
        fit_temperature(np.array([1]), np.array([[5.0, -3, 0, 0, 0, 0, 0, 0, 0, 0]], np.float32))


def test_images_read_without_a_mistake_do_not_make_the_model_certain():
    labels = np.arange(120) % 10
    probabilities = np.full((120, 10), 0.05, np.float32)
    probabilities[np.arange(120), labels] = 0.55

    scaled = apply_temperature(probabilities, fit_temperature(labels, probabilities))

    assert 0.98 < scaled.max(axis=1).mean() < 0.995
