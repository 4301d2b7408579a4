"""Which value of several digits a person should look at next."""

from mnist.reviews.agreement import State, consensuses
from mnist.reviews.begun_queue import open_tickets
from mnist.reviews.value_queue import ValuePrediction, value_audit_tickets, value_tickets
from tests.factories import version
from tests.reviewing import review

DIGESTS = {"a": "a" * 64, "b": "b" * 64, "c": "c" * 64}


def predicted(name, confidence, check="none", **more):
    values = {"detail": "", "odd": False, "model_version": "7", "boxes": ((0, 0, 9, 9),)} | more
    return ValuePrediction(
        version(f"b/form.png!{name}"), DIGESTS[name], "012", confidence, check, **values
    )


def names(tickets):
    return [ticket.version.key[-1] for ticket in tickets]


def test_failed_checks_come_first_then_what_the_model_is_least_sure_of():
    failed = predicted("c", 0.99, "failed", detail="The check of the value 012 failed.")
    tickets = value_tickets([predicted("a", 0.9), predicted("b", 0.4), failed], {}, 5)
    assert names(tickets) == ["c", "b", "a"]
    assert tickets[0].reasons[0] == "The check of the value 012 failed."
    assert "by 40%" in tickets[1].reasons[0]
    assert (tickets[1].read_value, tickets[1].boxes) == ("012", ((0, 0, 9, 9),))


def test_places_that_somebody_has_looked_at_are_left_out_and_no_more_than_asked_for_are_given():
    looked_at = review("x", "ada", "unsure", sha256=DIGESTS["b"])
    answers = consensuses([looked_at], 2)
    predictions = [predicted("a", 0.9), predicted("b", 0.4), predicted("c", 0.5)]
    assert names(value_tickets(predictions, answers, 5)) == ["c", "a"]
    assert names(value_tickets(predictions, {}, 1)) == ["b"]


def test_people_agree_on_a_value_as_text():
    both = [review("x", who, None, sha256=DIGESTS["a"], value="0123") for who in ("ada", "bob")]
    (agreed,) = consensuses(both, 2).values()
    assert (agreed.state, agreed.value, agreed.answer) == (State.AGREED, "0123", None)
    assert agreed.supporters == ("ada", "bob")
    other = review("x", "cyd", None, sha256=DIGESTS["a"], value="123")
    (open_again,) = consensuses([both[0], other], 2).values()
    assert open_again.state is State.THIRD_LOOK


def test_an_audited_value_is_asked_about_blind_and_not_by_who_has_seen_the_prediction():
    drawn = [predicted("a", 0.999), predicted("b", 0.4), predicted("c", 0.999)]
    tickets = value_audit_tickets(drawn, {DIGESTS["b"]}, {DIGESTS["c"]})
    assert names(tickets) == ["a"]
    assert tickets[0].audit
    assert "who does not see" in tickets[0].reasons[0]
    assert (tickets[0].read_value, tickets[0].confidence) == ("012", 0.999)


def test_a_begun_audit_of_a_value_stays_blind_and_about_the_value():
    first = review(
        "x", "ada", None, value="013", read_value="012", boxes=((0, 0, 9, 9),), confidence=0.99,
        audit=True,
    )  # fmt: skip
    (ticket,) = open_tickets(consensuses([first], 2).values(), "bob")
    assert (ticket.audit, ticket.read_value, ticket.boxes) == (True, "012", ((0, 0, 9, 9),))
    assert "contradicts" not in ticket.reasons[0]
