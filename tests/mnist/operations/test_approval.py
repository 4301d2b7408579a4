"""A person's word: what counts as yes, and what is written down."""

import pytest

from mnist.errors import InvalidInput
from mnist.operations.approval import Approval, Statement
from mnist.operations.gates import Judgement
from mnist.promotion import Decision, Policy, Verdict, refuse


def yes(who, why):
    return Approval(approved=True, who=who, why=why)


def no(who, why):
    return Approval(approved=False, who=who, why=why)


def judgement(*, promote=True):
    decision = Decision(Verdict.BETTER, promote, ("It gained.",), {}, "1")
    return Judgement(decision, champion="1", images_digest="i")


@pytest.mark.parametrize(
    ("who", "why"), [("", "because"), ("  ", "because"), ("Ada", "-"), ("?", "x")]
)
def test_a_statement_needs_a_name_and_a_reason(who, why):
    with pytest.raises(InvalidInput, match=r"(who|why) is .*Nothing was done"):
        Statement(who, why)


def test_a_yes_with_name_and_reason_promotes():
    answered, who = yes("Ada", "looked at it").applied(judgement(), "flow run x")
    assert answered.decision.promote
    assert answered.decision.reasons == ("Approved by Ada: looked at it.", "It gained.")
    assert who == "Ada, asked by flow run x"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (no("Ada", "wait for Monday"), "Not approved by Ada: wait for Monday."),
        (no("", "nobody answered within 5 s"), "nobody answered within 5 s"),
        (yes("", "fine"), "lacks a name or a reason"),
        (yes("Ada", " "), "lacks a name or a reason"),
    ],
)
def test_anything_else_does_not(answer, says):
    answered, _ = answer.applied(judgement(), "flow run x")
    assert not answered.decision.promote
    assert says in answered.decision.reasons[0]


def test_a_yes_does_not_overrule_the_gates():
    refused = Judgement(refuse("The champion is lost.", Policy()), "1", "i")
    answered, _ = yes("Ada", "I want it").applied(refused, "flow run x")
    assert not answered.decision.promote
