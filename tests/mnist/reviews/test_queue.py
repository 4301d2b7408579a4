"""The order of the review queue: doubt, known weaknesses, oddness, variety, and others' answers."""

from dataclasses import replace

import numpy as np

from mnist.reviews.agreement import consensuses
from mnist.reviews.begun_queue import open_tickets
from mnist.reviews.queue import BatchPredictions, new_tickets
from tests.factories import version
from tests.reviewing import review


def readings(*images, odd=(), sha256=None) -> BatchPredictions:
    """Make readings from (digit, runner-up, margin)."""
    probabilities = np.zeros((len(images), 10), np.float32)
    for row, (digit, runner_up, margin) in zip(probabilities, images, strict=True):
        row[digit], row[runner_up] = (1 + margin) / 2, (1 - margin) / 2
    return BatchPredictions(
        [version(f"b/{row}.png") for row in range(len(images))],
        sha256 or [f"{row:064x}" for row in range(len(images))],
        probabilities,
        np.array([row in odd for row in range(len(images))]),
        ["3"] * len(images),
    )


def keys(tickets):
    return [ticket.version.key for ticket in tickets]


def confused(true, read, images=5):
    matrix = np.eye(10, dtype=int) * 100
    matrix[true, read] = images
    return matrix.tolist()


def test_what_the_model_doubts_most_comes_first():
    tickets = new_tickets(readings((1, 7, 0.9), (2, 3, 0.1), (4, 9, 0.5)), {}, None, 10)
    assert keys(tickets) == ["b/1.png", "b/2.png", "b/0.png"]
    assert tickets[0].read_as == 2
    assert tickets[0].reasons[0] == "The model hesitates: 2 (55%) or 3 (45%)."


def test_where_the_model_is_sure_no_doubt_is_made_up():
    (ticket,) = new_tickets(readings((7, 0, 0.999)), {}, confused(true=0, read=7), 10)
    assert ticket.reasons == ("The model is sure that it is a 7; is it right?",)


def test_a_confusion_known_from_the_test_images_counts_more():
    both = readings((4, 9, 0.5), (9, 4, 0.5))
    assert keys(new_tickets(both, {}, confused(true=4, read=9), 10)) == ["b/1.png", "b/0.png"]
    assert keys(new_tickets(both, {}, confused(true=9, read=4), 10)) == ["b/0.png", "b/1.png"]
    assert "has taken a 9 for a 4 before" in " ".join(
        new_tickets(both, {}, confused(true=9, read=4), 10)[0].reasons
    )


def test_an_odd_picture_counts_more():
    tickets = new_tickets(readings((1, 7, 0.5), (2, 3, 0.5), odd=[1]), {}, None, 10)
    assert keys(tickets) == ["b/1.png", "b/0.png"]
    assert "The picture is odd in some way." in tickets[0].reasons


def test_the_same_mistake_does_not_fill_the_queue():
    images = [(4, 9, 0.10 + 0.01 * i) for i in range(5)] + [(5, 3, 0.20)]
    tickets = new_tickets(readings(*images), {}, None, 10)
    assert keys(tickets).index("b/5.png") <= 2
    assert "The first 5 like a 3 in this queue." in tickets[keys(tickets).index("b/5.png")].reasons
    assert sum("first 4" in reason for t in tickets for reason in t.reasons) == 1


def test_copies_are_shown_once_and_what_was_answered_not_again():
    answered = review("x", "ada", "4", sha256="a" * 64)
    answers = consensuses([answered], 2)
    digests = ["a" * 64, "b" * 64, "b" * 64]
    both = readings((4, 9, 0.1), (4, 9, 0.2), (4, 9, 0.2), sha256=digests)
    assert keys(new_tickets(both, answers, None, 10)) == ["b/1.png"]


def test_the_limit_holds_and_nothing_gives_nothing():
    many = readings(*[(i % 10, (i + 1) % 10, 0.5) for i in range(100)])
    assert len(new_tickets(many, {}, None, 7)) == 7
    assert new_tickets(readings(), {}, None, 7) == []


def test_conflicts_come_before_contradictions_before_first_answers():
    entries = [
        review("plain", "ada", "4", read_as=4),
        review("against", "ada", "4", read_as=9),
        review("conflict", "ada", "4", read_as=4),
        review("conflict", "bob", "9", read_as=4),
        review("settled", "ada", "4"),
        review("settled", "bob", "4"),
    ]
    tickets = open_tickets(consensuses(entries, 2).values(), "cyd")
    assert keys(tickets) == [f"scans/{name}.png" for name in ("conflict", "against", "plain")]
    assert "People disagree" in tickets[0].reasons[0]
    assert not any("4" in reason or "9" in reason for t in tickets for reason in t.reasons)


def test_nobody_is_asked_for_a_second_look_at_their_own_answer():
    assert open_tickets(consensuses([review("a", "ada", "4")], 2).values(), "ada") == []


def test_what_another_version_reads_otherwise_comes_before_mere_doubt():
    others = np.full((4, 10), np.nan, np.float32)
    others[2] = np.eye(10)[9] * 0.98 + 0.002  # the model is sure of its 4, this one of a 9
    others[3] = np.eye(10)[1] * 0.98 + 0.002  # agrees
    both = replace(readings((1, 7, 0.2), (2, 3, 0.9), (4, 9, 0.99), (1, 7, 0.95)), others=others)
    tickets = new_tickets(both, {}, None, 10)
    assert keys(tickets) == ["b/2.png", "b/0.png", "b/1.png", "b/3.png"]
    assert "Another version predicts another digit: one of them is wrong." in tickets[0].reasons
    assert not any("Another version" in reason for t in tickets[1:] for reason in t.reasons)
