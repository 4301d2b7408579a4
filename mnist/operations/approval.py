"""A person's word on a promotion: who says it, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mnist.errors import InvalidInput

if TYPE_CHECKING:  # a blank name is refused before ten seconds of imports
    from mnist.operations.gates import Judgement


@dataclass(frozen=True)
class Statement:
    """A name and a reason; neither may be blank, and each is one line.

    Raises:
        InvalidInput: If one of them is.
    """

    who: str
    why: str

    def __post_init__(self) -> None:
        for name in ("who", "why"):
            object.__setattr__(self, name, " ".join(getattr(self, name).split()))
        for value, name, expected in (
            (self.who, "who", "the name of the person who answers for it"),
            (self.why, "why", "the reason, for those who read the journal"),
        ):
            if not any(character.isalpha() for character in value):
                raise InvalidInput(
                    f"{name} is {value!r}, expected {expected}. Nothing was done; give both."
                )

    @property
    def sentence(self) -> str:
        """Name and reason, ending as a sentence does."""
        end = "" if self.why.endswith((".", "!", "?")) else "."
        return f"{self.who}: {self.why}{end}"


@dataclass(frozen=True)
class Approval:
    """What a person answered when asked whether a candidate may become champion.

    Attributes:
        approved: Yes or no; silence is no.
        who: Their name.
        why: Their reason.
    """

    approved: bool
    who: str
    why: str

    def applied(self, judgement: Judgement, asked_by: str) -> tuple[Judgement, str]:
        """Return the judgement as this answer leaves it, and who decided.

        A person can refuse what the gates allow. What the gates refuse is not put to anybody here;
        that takes `promote` with a name and a reason.
        """
        approved, sentence = self._outcome()
        decision = judgement.decision
        answered = replace(
            decision,
            promote=decision.promote and approved,
            reasons=(sentence, *decision.reasons),
        )
        who = f"{self.who.strip()}, asked by {asked_by}" if self.who.strip() else asked_by
        return replace(judgement, decision=answered), who

    def _outcome(self) -> tuple[bool, str]:
        if not self.approved and not self.who.strip():
            return False, f"The gates would promote, but a person has to approve: {self.why}."
        try:
            statement = Statement(self.who, self.why)
        except InvalidInput:
            return False, "The approval lacks a name or a reason, so it counts as no."
        if self.approved:
            return True, f"Approved by {statement.sentence}"
        return False, f"Not approved by {statement.sentence}"
