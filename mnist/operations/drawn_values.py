"""Values of several digits, drawn from single ones: how many a version predicts as a whole."""

from collections.abc import Sequence

import cv2
import numpy as np

from mnist.data.labelled import LabelledImages
from mnist.evaluation.statistics import Flags
from mnist.layouts import Cut, PlaceContent, resolve, value_cut
from mnist.scoring.graphs import Predictor
from mnist.training.strips import Strip, StripDrawer

VALUES = "values of several digits"

_VALUES = 300

_WIDTH = 224
"""Pixels of the longest: some seven digits."""

_SEED = 0


def values_right(sides: Sequence[tuple[Predictor, float]], test: LabelledImages) -> list[Flags]:
    """Let every side predict the same values, with the number of their digits declared.

    Args:
        sides: Who predicts, and what is unlike a digit to each: its out-of-distribution threshold.
        test: Single digits that nobody has learned from.

    Returns:
        For each side which values are right, shape (n,).
    """
    random, drawer = np.random.default_rng(_SEED), StripDrawer(test.images, test.labels)
    right = np.zeros((len(sides), _VALUES), bool)
    for number in range(_VALUES):
        strip = drawer.draw(random, _WIDTH)
        place = _place(strip)
        for side, networks in enumerate(sides):
            right[side, number] = _digits(place, *networks) == strip.digits
    return list(right)


def _place(strip: Strip) -> Cut:
    """Write a strip on paper, and cut it as a scan without printed boxes is cut."""
    plane = cv2.resize(255 - strip.image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    plane = cv2.copyMakeBorder(plane, 20, 20, 0, 0, cv2.BORDER_CONSTANT, value=255)
    box = (0, 0, plane.shape[1], plane.shape[0])
    content = PlaceContent(digits=len(strip.digits))
    return value_cut(np.asarray(plane, np.uint8), "", box, content, may_be_boxed=False)


def _digits(place: Cut, predictor: Predictor, ood_threshold: float) -> tuple[int, ...]:
    outputs = predictor.outputs(place.candidates)
    line = predictor.predict_line(place.line)
    return resolve(place, outputs.probabilities, outputs.ood_scores, ood_threshold, line).digits
