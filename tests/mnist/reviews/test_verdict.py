"""What a verdict is about, and which one counts."""

import pytest
from pydantic import ValidationError

from mnist.reviews.verdict import (
    ErrorFault,
    Misclassified,
    standing_verdicts,
    wrong_training_labels,
)
from tests.reviewing import misclassified, verdict


def test_the_last_word_on_an_image_counts_whoever_said_it():
    first, second = (
        verdict(1, "ada", ErrorFault.MODEL_WRONG),
        verdict(1, "bob", ErrorFault.LABEL_WRONG),
    )
    other = verdict(2, "ada", ErrorFault.AMBIGUOUS)
    counting = standing_verdicts([other, second, first])
    assert list(counting.values()) == [second, other]


def test_what_is_taken_back_counts_no_more_and_can_be_said_again():
    said, taken_back = verdict(1, "ada", ErrorFault.AMBIGUOUS), verdict(1, "ada", None)
    assert standing_verdicts([said, taken_back]) == {}
    again = verdict(1, "ada", ErrorFault.AMBIGUOUS)
    assert list(standing_verdicts([said, taken_back, again]).values()) == [again]


def test_it_holds_for_other_versions_and_not_for_another_label():
    said = verdict(1, "ada", ErrorFault.LABEL_WRONG, label=4, predicted=9, model_version="3")
    counting = standing_verdicts([said])
    later = misclassified(1, label=4, predicted=7, model_version="8")
    assert counting[later.sha256, later.label] == said
    assert (later.sha256, 5) not in counting


TRAINING = {"test_image": None, "source": "mnist"}


def test_only_wrong_labels_of_training_images_are_left_out_of_a_training():
    wrong = verdict(1, "ada", ErrorFault.LABEL_WRONG, **TRAINING)
    entries = [
        wrong,
        verdict(2, "ada", ErrorFault.LABEL_WRONG),
        verdict(3, "ada", ErrorFault.AMBIGUOUS, **TRAINING),
        verdict(4, "ada", ErrorFault.LABEL_WRONG, **TRAINING),
        verdict(4, "bob", None, **TRAINING),
    ]
    assert wrong_training_labels(entries) == [(wrong.sha256, 4)]
    assert wrong.name == f"training image {wrong.sha256[:12]}, mnist"
    assert wrong.version is None


@pytest.mark.parametrize(
    "place", [{}, {"test_image": 3, "key": "scans/a.png"}, {"test_image": 3, "source": "mnist"}]
)
def test_an_image_is_a_test_image_a_training_image_or_an_object(place):
    values = {"sha256": "0" * 64, "label": 4, "predicted": 9, "model_version": "3"}
    with pytest.raises(ValidationError, match="a test image, a training image or an object"):
        Misclassified(**values, **place)
