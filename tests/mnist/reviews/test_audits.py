"""What counts of audits: agreed answers, disputes against the model, and not everybody's word."""

import pytest

from mnist.reviews.audits import audits_of, is_wrong
from tests.reviewing import review


def audit(image, reviewer, answer, read_as=4, **values):
    return review(image, reviewer, answer, read_as=read_as, confidence=0.9995, audit=True, **values)


def both(image, answer, read_as=4):
    return [audit(image, who, answer, read_as) for who in ("ada", "bob")]


def wrong_ones(audits):
    return [is_wrong(image, image.reviews[0].predicted) for image in audits.images]


def test_what_people_agree_on_counts():
    audits = audits_of([*both("right", "4"), *both("wrong", "9")], 2)
    assert wrong_ones(audits) == [False, True]
    assert (audits.open, audits.set_aside) == (0, ())


def test_one_answer_of_two_waits():
    audits = audits_of([audit("a", "ada", "9")], 2)
    assert (audits.images, audits.open) == ([], 1)
    assert len(audits_of([audit("a", "ada", "9")], 1).images) == 1


def test_while_people_disagree_a_contradicted_prediction_counts_as_wrong():
    dispute = [audit("a", "ada", "4"), audit("a", "bob", "9")]
    assert wrong_ones(audits_of(dispute, 2)) == [True]
    settled = [*dispute, audit("a", "cyd", "4")]
    assert wrong_ones(audits_of(settled, 2)) == [False]


@pytest.mark.parametrize("answer", ["not-a-digit", "unsure"])
def test_a_digit_read_into_what_shows_none_is_wrong(answer):
    assert wrong_ones(audits_of(both("a", answer), 2)) == [True]


def test_reviews_of_doubtful_images_are_no_audit():
    doubtful = [review("a", who, "9", read_as=4) for who in ("ada", "bob")]
    assert audits_of(doubtful, 2).images == []


def test_an_auditor_who_labels_everything_7_is_set_aside():
    entries = [audit(f"i{n}", "eve", "7", read_as=n % 10) for n in range(40)]
    audits = audits_of(entries, 1)
    assert (audits.images, audits.set_aside) == ([], ("eve",))
    honest = [entry for n in range(20) for entry in both(f"i{n}", str(n % 10), n % 10)]
    assert wrong_ones(audits_of([*entries, *honest], 2)) == [False] * 20


def test_of_two_who_contradict_each_other_alone_nobody_is_believed():
    entries = [audit(f"i{n}", "eve", "7", read_as=n % 10) for n in range(20)]
    honest = [audit(f"i{n}", "ada", str(n % 10), read_as=n % 10) for n in range(20)]
    assert audits_of([*entries, *honest], 1).set_aside == ("ada", "eve")


def test_an_auditor_who_guesses_is_set_aside():
    entries = [audit(f"i{n}", "eve", str(n * 7 % 10), read_as=n % 3) for n in range(40)]
    assert audits_of(entries, 1).set_aside == ("eve",)


def test_honest_auditors_of_a_bad_model_confirm_each_other():
    entries = [
        audit(f"i{n}", who, str(n % 10), read_as=(n + 1) % 10)
        for n in range(20)
        for who in ("ada", "bob")
    ]
    audits = audits_of(entries, 1)
    assert audits.set_aside == ()
    assert wrong_ones(audits) == [True] * 20


def value_audit(place, reviewer, value, read_value="0148"):
    return review(
        place, reviewer, None, value=value, read_value=read_value, confidence=0.995, audit=True
    )


def test_a_value_counts_as_a_whole_and_apart_from_digits():
    entries = [
        *(value_audit("right", who, "0148") for who in ("ada", "bob")),
        *(value_audit("wrong", who, "148") for who in ("ada", "bob")),
        *(value_audit("dispute", who, value) for who, value in (("ada", "0148"), ("bob", "0149"))),
        *(review("none", who, "not-a-digit", read_value="7", audit=True) for who in ("ada", "bob")),
        *both("digit", "4"),
    ]
    audits = audits_of(entries, 2)
    assert wrong_ones(audits) == [False]
    wrong = [is_wrong(place, place.reviews[0].predicted) for place in audits.values]
    assert wrong == [False, True, True, True]


def test_who_contradicts_every_value_is_set_aside():
    entries = [value_audit(str(i), "eve", "9999") for i in range(20)]
    assert audits_of(entries, 1).set_aside == ("eve",)
