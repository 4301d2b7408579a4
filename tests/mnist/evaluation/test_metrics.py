"""Metrics: agree with scikit-learn, survive JSON, and refuse what cannot be compared."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from mnist.errors import InvalidEvaluation
from mnist.evaluation.metrics import Evaluation, brier_scores, calibration_error, evaluate

TOLERANCE = 1e-5  # probabilities are float32


def made_readings(seed: int, images: int = 400, classes: int = 10):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, images)
    probabilities = generator.dirichlet(np.full(10, 0.3), images)
    probabilities[np.arange(images), labels] += 0.5
    return labels, (probabilities / probabilities.sum(1, keepdims=True)).astype(np.float32)


def certain(read: list[int], confidence: float = 1.0):
    probabilities = np.full((len(read), 10), (1 - confidence) / 9, np.float32)
    probabilities[np.arange(len(read)), read] = confidence
    return probabilities


def test_a_perfect_model_has_perfect_numbers():
    labels = np.arange(10)

    evaluation = evaluate(labels, certain(list(range(10))))

    assert evaluation.errors == 0
    assert evaluation.accuracy == evaluation.macro_f1 == 1.0
    assert evaluation.brier == evaluation.calibration_error == 0.0
    assert evaluation.confusion == tuple(map(tuple, np.eye(10, dtype=int).tolist()))


def test_rows_of_the_confusion_matrix_are_true_digits():
    evaluation = evaluate(np.array([4, 4, 9]), certain([9, 4, 9]))

    assert evaluation.confusion[4][9] == 1
    assert evaluation.confusion[9][4] == 0


def test_a_tie_is_read_as_the_lowest_digit():
    evaluation = evaluate(np.array([7]), np.full((1, 10), 0.1, np.float32))

    assert evaluation.confusion[7][0] == 1


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_agrees_with_scikit_learn(seed):
    labels, probabilities = made_readings(seed)
    read = probabilities.argmax(1)
    rows = probabilities.astype(np.float64) / probabilities.astype(np.float64).sum(1)[:, None]

    ours = evaluate(labels, probabilities)

    assert ours.accuracy == pytest.approx(sklearn_metrics.accuracy_score(labels, read))
    for average in ("macro", "weighted"):
        oracle = sklearn_metrics.precision_recall_fscore_support(labels, read, average=average)
        averages = [getattr(ours, f"{average}_{name}") for name in ("precision", "recall", "f1")]
        assert averages == pytest.approx(oracle[:3])
    report = sklearn_metrics.classification_report(labels, read, output_dict=True)
    for digit in range(10):
        assert ours.f1[digit] == pytest.approx(report[str(digit)]["f1-score"])
        assert ours.support[digit] == report[str(digit)]["support"]
    assert ours.log_loss == pytest.approx(
        sklearn_metrics.log_loss(labels, rows, labels=range(10)), abs=TOLERANCE
    )
    assert ours.brier == pytest.approx(
        sklearn_metrics.brier_score_loss(labels, rows, labels=range(10), scale_by_half=False),
        abs=TOLERANCE,
    )


def test_digits_that_do_not_occur_stay_out_of_the_macro_averages():
    labels, probabilities = np.array([1, 1, 7, 7]), certain([1, 1, 7, 1])

    evaluation = evaluate(labels, probabilities)

    assert evaluation.support[0] == 0
    assert evaluation.macro_recall == pytest.approx((1.0 + 0.5) / 2)


def test_calibration_error_is_the_gap_between_confidence_and_accuracy():
    labels = np.array([3] * 6 + [5] * 4)

    assert calibration_error(labels, certain([3] * 10, 0.9)) == pytest.approx(0.3, abs=1e-6)
    assert calibration_error(labels, certain([3] * 10, 0.6)) == pytest.approx(0.0, abs=1e-6)


def test_calibration_errors_of_opposite_sign_in_different_bins_do_not_cancel():
    labels = np.array([1] * 10)
    sure = certain([1] * 5, 0.7)  # right always, 30 points too hesitant
    unsure = certain([2] * 5, 0.3)  # wrong always, 30 points too sure

    assert calibration_error(labels, np.vstack([sure, unsure])) == pytest.approx(0.3, abs=1e-6)


def test_brier_scores_are_per_image_and_at_most_two():
    scores = brier_scores(np.array([0, 1]), certain([0, 2]))

    assert scores.tolist() == [0.0, 2.0]


def test_survives_json():
    evaluation = evaluate(*made_readings(1))

    assert Evaluation.from_dict(json.loads(json.dumps(evaluation.as_dict()))) == evaluation


def test_a_damaged_stored_evaluation_is_refused_by_field():
    values = evaluate(*made_readings(1)).as_dict()
    del values["brier"]

    with pytest.raises(InvalidEvaluation, match="brier"):
        Evaluation.from_dict(values)


def test_scalars_are_flat_finite_floats():
    scalars = evaluate(*made_readings(2)).scalars()

    assert {"accuracy", "macro_f1", "recall_4", "support_9", "log_loss"} <= scalars.keys()
    assert all(isinstance(value, float) and np.isfinite(value) for value in scalars.values())


def test_certainty_of_a_wrong_digit_costs_a_finite_log_loss():
    assert np.isfinite(evaluate(np.array([1, 2]), certain([2, 2])).log_loss)


BAD_ROW = certain([1, 2])
NAN_ROW = certain([1, 2])
NAN_ROW[1, 3] = np.nan
NEGATIVE_ROW = certain([1, 2])
NEGATIVE_ROW[0, :2] = [-1, 2]


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        (np.array([1]), BAD_ROW, r"1 labels and probabilities of shape \(2, 10\)"),
        (np.array([1, 2]), BAD_ROW[:, :9], r"\(2, 9\)"),
        (np.array([], np.int64), BAD_ROW[:0], "at least one image"),
        (np.array([1, 10]), BAD_ROW, "from 1 to 10"),
        (np.array([-1, 2]), BAD_ROW, "from -1 to 2"),
        (np.array([1.0, 2.0]), BAD_ROW, "float64"),
        (np.array([[1], [2]]), BAD_ROW, r"shape \(2, 1\)"),
        (np.array([1, 2]), BAD_ROW * 3, "Row 0.*logits"),
        (np.array([1, 2]), NAN_ROW, "Row 1.*nan"),
        (np.array([1, 2]), NEGATIVE_ROW, "Row 0"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_offending_value(
    labels, probabilities, message
):
    with pytest.raises(InvalidEvaluation, match=message):
        evaluate(labels, probabilities)
