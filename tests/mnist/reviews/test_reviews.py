"""Reviews: which answers count, when a label is agreed, and how well people agree."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.metrics import cohen_kappa_score

from mnist.reviews.agreement import State, agreements, cohens_kappa, consensuses
from mnist.reviews.review import Answer, standing
from tests.reviewing import review

ANSWERS = st.sampled_from([str(answer) for answer in Answer])


def only(reviews, needed=2):
    (consensus,) = consensuses(reviews, needed).values()
    return consensus


def test_an_answer_names_a_digit_or_none():
    assert Answer("7").digit == 7
    assert Answer.NOT_A_DIGIT.digit is None
    assert Answer.UNSURE.digit is None
    assert [Answer(str(digit)).digit for digit in range(10)] == list(range(10))


@pytest.mark.parametrize(
    "wrong",
    [
        {"answer": None},
        {"withdraws": "12345678"},
        {"sha256": "ABC"},
        {"reviewer": "  "},
        {"id": "../../x"},
        {"at": "2026-11-20T12:00:00"},
        {"surprise": 1},
    ],
)
def test_an_entry_that_says_nothing_certain_is_refused(wrong):
    with pytest.raises(ValidationError):
        review("a", "ada", "7", **wrong)


def test_one_answer_is_not_a_label_yet():
    consensus = only([review("a", "ada", "4")])
    assert consensus.state is State.SECOND_LOOK
    assert consensus.answer is None


def test_two_people_who_say_the_same_agree():
    consensus = only([review("a", "ada", "4"), review("a", "bob", "4")])
    assert consensus.state is State.AGREED
    assert consensus.answer is Answer.FOUR
    assert consensus.supporters == ("ada", "bob")


def test_one_person_who_says_it_twice_does_not_agree_with_herself():
    assert only([review("a", "ada", "4"), review("a", "ada", "4")]).state is State.SECOND_LOOK


def test_a_conflict_asks_for_a_third_look_and_the_majority_settles_it():
    conflict = [review("a", "ada", "4"), review("a", "bob", "9")]
    assert only(conflict).state is State.THIRD_LOOK
    settled = only([*conflict, review("a", "cyd", "9")])
    assert (settled.state, settled.answer) == (State.AGREED, Answer.NINE)
    assert settled.supporters == ("bob", "cyd")


def test_two_against_two_is_no_label():
    answers = ["4", "4", "9", "9"]
    entries = [review("a", who, answer) for who, answer in zip("abcd", answers, strict=True)]
    assert only(entries).state is State.THIRD_LOOK


def test_a_team_of_one_may_ask_for_one_answer():
    assert only([review("a", "ada", "4")], needed=1).state is State.AGREED


def test_a_withdrawn_answer_does_not_count():
    first = review("a", "ada", "4")
    assert consensuses([first, first.withdrawal()], 1) == {}


def test_nobody_withdraws_the_answer_of_somebody_else():
    first = review("a", "ada", "4")
    theft = first.withdrawal().model_copy(update={"reviewer": "eve"})
    assert [entry.id for entry in standing([first, theft])] == [first.id]


def test_the_last_answer_of_a_person_counts_whatever_the_order_of_reading():
    first, last = review("a", "ada", "4"), review("a", "ada", "9")
    assert standing([last, first]) == [last]


def test_after_an_undo_the_earlier_answer_does_count_again():
    first, last = review("a", "ada", "4"), review("a", "ada", "9")
    assert standing([first, last, last.withdrawal()]) == [first]


def test_copies_of_an_image_share_their_label():
    first = review("a", "ada", "4")
    consensus = only([first, review("a", "bob", "4", key="other/copy.png", etag="e2")])
    assert consensus.state is State.AGREED
    assert [version.key for version in consensus.versions] == ["scans/a.png", "other/copy.png"]


def test_agreement_is_counted_for_every_two_people():
    entries = [review(image, who, "4") for image in "ab" for who in ("bob", "ada")]
    entries += [review("c", "ada", "1"), review("c", "bob", "7"), review("c", "cyd", "7")]
    by_pair = {entry.reviewers: entry for entry in agreements(consensuses(entries, 2).values())}
    assert set(by_pair) == {("ada", "bob"), ("ada", "cyd"), ("bob", "cyd")}
    assert (by_pair["ada", "bob"].images, by_pair["ada", "bob"].agreed) == (3, 2)
    assert by_pair["ada", "bob"].rate == pytest.approx(2 / 3)
    assert by_pair["ada", "bob"].kappa == pytest.approx(
        cohen_kappa_score(["4", "4", "1"], ["4", "4", "7"])
    )


@given(st.lists(st.tuples(ANSWERS, ANSWERS), max_size=40))
def test_kappa_is_the_one_of_scikit_learn(answers):
    ours = cohens_kappa(answers)
    if ours is None:
        assert len(set(answers)) <= 1
        return
    oracle = cohen_kappa_score(*zip(*answers, strict=True))
    np.testing.assert_allclose(ours, oracle, atol=1e-12)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("wxyz"), ANSWERS), max_size=15))
def test_a_label_always_has_as_many_supporters_as_needed(entries):
    for consensus in consensuses([review(*entry) for entry in entries], 2).values():
        assert len(set(consensus.reviewers)) == len(consensus.reviewers)
        votes = Counter(entry.answer for entry in consensus.reviews)
        most, *others = sorted(votes.values(), reverse=True)
        assert (consensus.state is State.AGREED) == (most >= 2 and most not in others)
        assert consensus.state is not State.AGREED or votes[consensus.answer] == most
