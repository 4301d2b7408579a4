"""Who tells digits from other pictures, and who does not."""

import numpy as np

from mnist.operations.no_digits import DIGITS, OTHERS, drawn_no_digits
from mnist.scoring.graphs import Predictor
from mnist.scoring.ood import add_ood_score
from tests.factories import digit_images, template_graph


def test_both_rates_are_told_for_whoever_has_a_threshold(tmp_path, monkeypatch):
    monkeypatch.setattr("mnist.operations.no_digits._PICTURES", 600)
    template_graph(tmp_path / "model.onnx")
    digits = digit_images(np.arange(200) % 10)
    predictor = Predictor(tmp_path / "model.onnx", add_ood_score(tmp_path / "model.onnx", digits))
    scores = predictor.outputs(digits).ood_scores
    threshold = float(np.quantile(scores, 0.99))

    careful, blind, none = drawn_no_digits(
        [(predictor, threshold), (predictor, 1e30), (predictor, np.inf)], digits, [scores] * 3
    )

    assert careful[DIGITS].shape == (200,)
    assert careful[DIGITS].mean() >= 0.95
    assert careful[OTHERS].shape == (600,)
    assert careful[OTHERS].mean() > 0.5
    assert blind[DIGITS].all()
    assert not blind[OTHERS].any()
    assert none == {}
