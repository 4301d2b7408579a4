"""Journals of promotions, written down in words."""

from datetime import UTC, datetime

from mnist.canary import CanaryTerms
from mnist.storage.journal import JournalEntry, promoted_last


def journal(*decisions):
    """Make entries of decisions such as "promoted 3"."""
    return [
        JournalEntry(
            sequence=number,
            at=datetime(2026, 1, 1, tzinfo=UTC),
            who="tests",
            action=decision.split()[0],
            model="digits",
            from_version=None,
            to_version=decision.split()[1],
            verdict="better",
            reasons=[],
            policy_version="1",
            evidence_url="",
            images_digest="i",
        )
        for number, decision in enumerate(decisions, start=1)
    ]


def canary_terms(**changed):
    """Make the terms of a canary that scores a fifth of the batches."""
    usual = CanaryTerms(
        share=0.2,
        seed="s",
        by="batch",
        sources=None,
        least_images=100,
        longest_hours=72,
        changed_share=0.05,
        acceptance_drop=0.03,
    )
    return usual.model_copy(update=changed)


def entry_for(version, action="promoted"):
    """Make what a journal takes to append a decision about this version."""

    def make(number, entries):
        return JournalEntry(
            sequence=number,
            at=datetime.now(UTC),
            who="Ada",
            action=action,
            model="digits",
            from_version=promoted_last(entries),
            to_version=version,
            verdict="better",
            reasons=[],
            policy_version="1",
            evidence_url="",
            images_digest="",
        )

    return make
