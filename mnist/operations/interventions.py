"""What a person may do to the champion: promote against the gates, and go back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mnist.canary import CanaryTerms
from mnist.data.datasets import load_dataset
from mnist.errors import InvalidInput, Remedy
from mnist.operations.approval import Statement
from mnist.operations.canary_choice import new_terms
from mnist.operations.gates import Gates, Judgement
from mnist.operations.measuring import ProgressCallback
from mnist.operations.rescoring import batches_scored_by
from mnist.parts import Parts
from mnist.storage.journal import (
    CANARY_ENDED,
    OVERRIDE,
    ROLLBACK,
    JournalEntry,
    lineage,
    occupied,
)
from mnist.storage.journal import were_champions as ever_champions


@dataclass(frozen=True)
class Undone:
    """A rollback and what it leaves behind.

    Attributes:
        entry: As the journal has it.
        taken_out: The version that was taken out of production.
        batches: Batches with predictions of it.
    """

    entry: JournalEntry
    taken_out: str
    batches: tuple[str, ...]


class Interventions:
    """Promotions and rollbacks that a person answers for."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._gates = Gates(parts)

    def judge(self, version: str, progress: ProgressCallback) -> Judgement:
        """Measure a registered version against the champion, as a retraining would.

        Raises:
            InvalidInput: If there is no such version, or it is champion already.
            IntegrityError: If its scoring graph cannot be trusted; nobody may promote that.
        """
        if version == self._parts.journal.champion():
            self._parts.aliases.reconcile()
            raise InvalidInput(
                f"Version {version} is the champion already; nothing was done, but that the alias "
                "names it."
            )
        settings = self._parts.settings
        data = load_dataset(settings.data_dir, fallback=settings.fallback_digits)
        return self._gates.judge(self._gates.contender(version), data, {}, progress)

    def terms(self) -> CanaryTerms:
        """Set the terms by which a person's version begins on canary.

        Raises:
            InvalidInput: If the settings ask for no canary, there is nothing to compare it with, or
                another version is on canary.
        """
        if (canary := self._parts.journal.canary()) is not None:
            raise InvalidInput(occupied(canary), Remedy("judge-canary"))
        if self._parts.journal.champion() is None:
            raise InvalidInput("Nothing is champion yet, so nothing can be tried beside it.")
        terms = new_terms(self._parts)
        if terms is None:
            raise InvalidInput(
                "MNIST_CANARY_SHARE is 0, so no version is tried on a share of the sources; set it "
                "to a share such as 0.2, or promote without a canary."
            )
        return terms

    def promote(
        self,
        version: str,
        statement: Statement,
        judgement: Judgement,
        canary: CanaryTerms | None = None,
    ) -> tuple[JournalEntry, str]:
        """Make a version champion on a person's word, with what the gates said beside it.

        Args:
            version: Which.
            statement: Who answers for it, and why.
            judgement: What the gates say.
            canary: What it scores first; None for everything at once, which ends any canary.

        Returns:
            The entry as recorded (`refused` if the champion changed since the judgement), and the
            report in Markdown.
        """
        decision = judgement.decision
        report = (
            f"> **A person decided.** Promoted by {statement.sentence}\n>\n"
            f"> What follows is what the gates found, whatever came of it.\n\n{judgement.report}"
        )
        registered = self._parts.publisher.registered(version)
        self._parts.publisher.add_decision(
            registered,
            report,
            decision.as_dict(),
            name=f"decision-override-{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
        )
        would = "would promote it too" if decision.promote else "would not promote it"
        entry = self._parts.aliases.decide(
            action="promoted",
            version=registered,
            champion_seen=judgement.champion,
            who=statement.who,
            verdict=OVERRIDE,
            reasons=[
                f"Promoted by {statement.sentence}",
                f"The gates {would}; their verdict: {decision.verdict.words}.",
                *decision.reasons,
            ],
            policy_version=decision.policy_version,
            images_digest="",
            canary=canary,
        )
        return entry, report

    def roll_back(self, to_version: str, statement: Statement) -> Undone:
        """Make an earlier champion champion again.

        While a version is on canary, a step back takes that one off: the champion stays.

        Args:
            to_version: Which one; empty means the one before what began to score last.
            statement: Who answers for it, and why.

        Raises:
            InvalidInput: If there is no such earlier champion.
            IntegrityError: If its scoring graph cannot be trusted; name another version then.
        """
        entries = self._parts.journal.entries()
        line, canary = lineage(entries), self._parts.journal.canary()
        target = to_version or (_one_step_back(line) if canary is None else line[-1])
        if target not in ever_champions(entries):
            raise InvalidInput(
                f"Version {target} has never been champion (champions so far: "
                f"{', '.join(ever_champions(entries)) or 'none'}), so it cannot be gone back to.",
                Remedy("promote", {"version": target, "who": "...", "why": "..."}),
            )
        reasons = [f"Rolled back by {statement.sentence}"]
        if target == line[-1]:
            ended = canary and self._parts.aliases.end_canary(
                canary, CANARY_ENDED, who=statement.who, verdict=ROLLBACK, reasons=reasons
            )
            if not ended:
                raise InvalidInput(f"Version {target} is the champion already; nothing was done.")
            return self._undone(ended, ended.to_version)
        self._gates.contender(target)
        entry = self._parts.aliases.decide(
            action="rolled-back",
            version=self._parts.publisher.registered(target),
            champion_seen=line[-1],
            who=statement.who,
            verdict=ROLLBACK,
            reasons=reasons,
            policy_version=entries[-1].policy_version,
            images_digest="",
        )
        return self._undone(entry, line[-1])

    def _undone(self, entry: JournalEntry, taken_out: str) -> Undone:
        was_done = entry.action != "refused"
        batches = batches_scored_by(self._parts.results, taken_out) if was_done else ()
        return Undone(entry, taken_out, tuple(batches))


def _one_step_back(line: Sequence[str]) -> str:
    if len(line) < 2:
        raise InvalidInput(
            f"There is no earlier champion to go back to (champions to step through: "
            f"{', '.join(line) or 'none'}); name a version, or promote one.",
            Remedy("rollback", {"to_version": "...", "who": "...", "why": "..."}),
        )
    return line[-2]
