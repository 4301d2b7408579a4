"""What confidences promise without labels, held against audits."""

import numpy as np

from mnist.monitoring.expected_accuracy import expected_accuracy


def test_the_mean_confidence_is_what_accuracy_to_expect():
    found = expected_accuracy(np.array([0.9, 0.8, np.nan]), np.empty(0), 0)
    assert found.sentence == (
        "By its confidence the model is right on 85.0% of 2 images; none of them has been audited."
    )


def test_audits_that_agree_say_so():
    found = expected_accuracy(np.full(1_000, 0.97), np.full(100, 0.97), 96)
    assert not found.is_too_sure
    assert "should be right on 97.0% and is on 96.0% (95% interval 90.1% to 98.9%)" in (
        found.sentence
    )


def test_a_model_that_is_too_sure_of_these_images_is_found_out():
    found = expected_accuracy(np.full(1_000, 0.97), np.full(100, 0.97), 90)
    assert found.is_too_sure
    assert "too sure" in found.sentence


def test_nothing_scored_promises_nothing():
    nothing = np.empty(0)
    assert expected_accuracy(nothing, nothing, 0).sentence == "No image has a predicted digit."
