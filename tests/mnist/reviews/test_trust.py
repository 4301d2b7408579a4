"""Whose labels count: one person alone, or one who is often wrong, teaches the model nothing."""

from mnist.reviews.trust import trusted_labels
from tests.reviewing import review


def two_agree(images, answer="4"):
    return [review(image, who, answer) for image in images for who in ("ada", "bob")]


def test_only_agreed_digits_are_learnt_from():
    entries = [*two_agree("ab"), *two_agree("c", "not-a-digit"), review("d", "ada", "1")]
    labels = trusted_labels(entries, 2)
    assert [label.answer for label in labels.agreed] == ["4", "4"]
    assert (labels.open, labels.without_digit) == (1, 1)


def test_the_record_of_a_reviewer_counts_corrections_and_confirmations():
    entries = [*two_agree("a"), review("a", "cyd", "9", read_as=4)]
    records = {record.name: record for record in trusted_labels(entries, 2).records}
    assert (records["cyd"].answers, records["cyd"].corrections) == (1, 1)
    assert (records["cyd"].compared, records["cyd"].confirmed) == (1, 0)
    assert records["ada"].compared == 0  # without her nobody agrees
    assert not records["cyd"].doubtful  # one image proves nothing


def test_who_is_contradicted_again_and_again_does_not_count():
    images = [f"i{number}" for number in range(10)]
    entries = two_agree(images) + [review(image, "eve", "9") for image in images]
    planted = [review("x", "eve", "9"), review("x", "ada", "9")]
    labels = trusted_labels(entries + planted, 2)
    assert [record.name for record in labels.records if record.doubtful] == ["eve"]
    assert len(labels.agreed) == 10
    assert labels.open == 1  # ada is alone about x


def test_the_oldest_label_stands_first():
    entries = [review("late", "ada", "1"), *two_agree("b"), review("late", "bob", "1")]
    assert [label.answer for label in trusted_labels(entries, 2).agreed] == ["4", "1"]
