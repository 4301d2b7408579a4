"""What is predicted for the places of pictures, all of a mini-batch at once."""

import cv2
import numpy as np

from mnist.digits import ImageWarning, Outcome, Outputs
from mnist.images import Limits
from mnist.scoring.pictures import Fetched, MiniBatch, Picture, take
from mnist.scoring.place_predictions import resolved
from mnist.scoring.predictions import PinnedModel
from mnist.scoring.sheet_layouts import SheetLayout
from tests.factories import digit_images, png, version
from tests.sheets import layout, png_of, sheet

MODEL = PinnedModel("digits", "1", "d", accept_confidence=0.5, ood_threshold=5.0)
CELLS = [[1, None, 3], [4, 5, 6], [7, 8, None], [0, 2, 9]]


def contents_of(*pictures, said=None):
    """Take pictures into a mini-batch: a sheet as its layout cuts it, bytes as one digit."""
    minibatch = MiniBatch()
    says = SheetLayout.of(said or layout(grid=[4, 3]), None, Limits())
    for number, picture in enumerate(pictures):
        object_version = version(f"b/{number}.png")
        if isinstance(picture, bytes):
            taken = Picture(object_version, (object_version,), None)
            take(minibatch, taken, Fetched(picture), Limits())
        else:
            taken = Picture(object_version, tuple(says.places(object_version)), says)
            take(minibatch, taken, Fetched(png_of(picture)), Limits())
    return minibatch


def outputs_with(unlike):
    """Predict a sure 3 for every image; those of these numbers are unlike a digit."""

    def predict(images):
        probabilities = np.full((len(images), 10), 0.001, np.float32)
        probabilities[:, 3] = 0.991
        scores = np.zeros(len(images), np.float32)
        scores[list(unlike)] = 9
        return Outputs(probabilities, scores)

    return predict


def predicted(unlike, *pictures, said=None):
    minibatch = contents_of(*pictures, said=said)
    return resolved(
        minibatch.contents, np.array(minibatch.pixels), outputs_with(unlike), MODEL
    ).contents


def test_pictures_of_one_digit_and_sheets_are_predicted_together():
    contents = predicted((), png(3), sheet(CELLS), png(4))
    outcomes = [content.outcome for content in contents]
    assert outcomes.count(Outcome.EMPTY) == 2
    assert sum(content.has_digit for content in contents) == 12
    assert [content.predicted is None for content in contents] == [True, *[False] * 12, True]


def test_a_sheet_of_which_many_cells_are_unlike_digits_is_doubted_and_no_other_one():
    contents = predicted(range(5), sheet(CELLS), sheet(CELLS))
    warned = [ImageWarning.UNLIKE_A_DIGIT in content.warnings for content in contents]
    scored = [content.outcome is Outcome.SCORED for content in contents]
    assert warned == [*scored[:12], *[False] * 12]


def test_fields_that_do_not_add_up_are_for_a_person():
    fields = {
        name: {"box": [left, 0, left + 1 / 3, 1], "digits": 1}
        for name, left in {"net": 0, "tax": 1 / 3, "total": 2 / 3}.items()
    }
    fields["total"]["check"] = {"sum": ["net", "tax"]}
    digits = [cv2.resize(image, (84, 84)) for image in digit_images(np.array([3, 3, 3]))]
    contents = predicted((), 255 - np.hstack(digits), said=layout(fields=fields))
    assert [content.predicted.value for content in contents] == ["3", "3", "3"]
    assert contents[2].detail == "The check of the value 3 failed; 6 would pass."
    assert not any(content.predicted.accepted for content in contents)
