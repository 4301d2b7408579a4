"""Moving aliases. This is the one place that does, and it keeps a journal of every decision.

The journal is a numbered series of objects, each created once: whoever creates entry n decided
after having seen entry n-1. MLflow cannot compare and swap an alias; the journal can, so two
promotions at once end as one winner and two entries.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import structlog

from mnist.canary import CanaryTerms
from mnist.registry import tags
from mnist.registry.client import mlflow_client
from mnist.registry.publishing import CANDIDATE, RegisteredVersion, our_errors
from mnist.registry.rest import CHAMPION
from mnist.settings import Settings
from mnist.storage.journal import (
    CANARY,
    CANARY_ENDED,
    MOVES,
    ROLLBACK,
    Action,
    Journal,
    JournalEntry,
    occupied,
    promoted_last,
    running_canary,
)

_log = structlog.get_logger(__name__)


class Aliases:
    """The aliases `candidate` and `champion` of one registered model, and their journal."""

    def __init__(self, settings: Settings, journal: Journal) -> None:
        self._uri = settings.mlflow_tracking_uri.rstrip("/")
        self._client = mlflow_client(settings)
        self._model_name = settings.model_name
        self._journal = journal

    def nominate(self, version: RegisteredVersion) -> None:
        """Give a version the alias `candidate`."""
        self._set(CANDIDATE, version.version)

    def decide(  # noqa: PLR0913 - what an entry says, each by its name
        self,
        *,
        action: Action,
        version: RegisteredVersion,
        champion_seen: str | None,
        who: str,
        verdict: str,
        reasons: list[str],
        policy_version: str,
        images_digest: str,
        canary: CanaryTerms | None = None,
    ) -> JournalEntry:
        """Record a decision and, if it says so, move `champion`.

        Args:
            action: What to do; `refused` and `nothing-new` leave the champion where it is.
            version: What the decision is about.
            champion_seen: The champion it was compared with; None if there was none.
            who: A person, or the flow run that decided.
            verdict: One word.
            reasons: Sentences for people.
            policy_version: Which policy was applied.
            images_digest: Which test images decided; empty if a person did.
            canary: What a promoted version scores first; None for everything at once. The first
                champion of all has nothing beside it and scores everything.

        Returns:
            The entry as recorded. If the champion changed since it was compared, or another
            version is on canary, a move is recorded as refused and nothing moves.
        """

        def entry_after(number: int, entries: list[JournalEntry]) -> JournalEntry:
            champion = promoted_last(entries)
            terms = canary if action == "promoted" and champion is not None else None
            running = running_canary(entries) if action in MOVES else None
            recorded, first = action, []
            if action in MOVES and champion != champion_seen:
                recorded, first = "refused", [_overtaken(champion_seen, champion)]
            elif terms is not None and running is not None:
                recorded, first = "refused", [occupied(running)]
            elif terms is not None:
                recorded, first = CANARY, [_begins(version.version, champion, terms)]
            elif running is not None and running.to_version != version.version:
                first = [f"This ends the canary of version {running.to_version}."]
            return JournalEntry(
                sequence=number,
                at=datetime.now(UTC),
                who=who,
                action=recorded,
                model=version.name,
                from_version=champion,
                to_version=version.version,
                verdict=verdict,
                reasons=[*first, *reasons],
                policy_version=policy_version,
                evidence_url=version.run_url,
                images_digest=images_digest,
                canary=terms if recorded == CANARY else None,
            )

        entry = self._journal.append(entry_after)
        if entry.moves:
            self.reconcile()
        self._tag(entry)
        return entry

    def end_canary(
        self,
        canary: JournalEntry,
        action: Literal["promoted", "canary-ended"],
        *,
        who: str,
        verdict: str,
        reasons: Sequence[str],
    ) -> JournalEntry | None:
        """Record that a canary is over: it is champion now, or its champion scores all again.

        Args:
            canary: The entry that began it.
            action: Which of both.
            who: A person, or the flow run that judged it.
            verdict: One word.
            reasons: Sentences for people.

        Returns:
            The entry as recorded; None if the canary was over already, and nothing was recorded.
        """

        def entry_after(number: int, entries: list[JournalEntry]) -> JournalEntry:
            running = running_canary(entries)
            if running is None or running.sequence != canary.sequence:
                raise _CanaryIsOver
            ended = {
                "sequence": number,
                "at": datetime.now(UTC),
                "who": who,
                "action": action,
                "from_version": promoted_last(entries),
                "verdict": verdict,
                "reasons": [*reasons],
                "images_digest": "",
                "canary": None,
            }
            return JournalEntry.model_validate(canary.model_dump() | ended)

        try:
            entry = self._journal.append(entry_after)
        except _CanaryIsOver:
            return None
        if entry.moves:
            self.reconcile()
        self._tag(entry)
        return entry

    def reconcile(self) -> str | None:
        """Make the alias `champion` say what the journal says; return the champion's version.

        A process that dies between writing its entry and moving the alias leaves them apart;
        the next call of this function mends that. The journal is read again after each move,
        because somebody else may have written to it meanwhile. Where a later entry is damaged, the
        alias stays where it is: that entry may have moved it.
        """
        moves = [entry for entry in self._journal.entries() if entry.moves]
        if moves and (damaged := self._journal.log.damaged(moves[-1].sequence)):
            _log.warning("aliases.journal-damaged", keys=damaged, champion=moves[-1].to_version)
            return moves[-1].to_version
        version = moves[-1].to_version if moves else None
        while version is not None:
            self._set(CHAMPION, version)
            latest = self._journal.champion()
            if latest == version:
                break
            version = latest
        return version

    def _set(self, alias: str, version: str) -> None:
        with our_errors(self._uri, f"Model {self._model_name!r} has no version {version}"):
            self._client.set_registered_model_alias(self._model_name, alias, version)

    def _tag(self, entry: JournalEntry) -> None:
        """Write on the version what the journal says of it, for those who look there."""
        if entry.to_version == entry.from_version:  # nothing was trained: it stays what it was
            return
        version: str | None = entry.to_version
        if entry.action == CANARY_ENDED:
            values = {tags.ROLLED_BACK: entry.reasons[0]}
        elif entry.verdict == ROLLBACK:
            values = {tags.ROLLED_BACK: entry.reasons[0]} if entry.moves else {}
            version = entry.from_version
        else:
            values = {tags.VERDICT: entry.verdict, tags.PROMOTED: str(entry.moves).lower()}
        with our_errors(self._uri):
            for name, value in values.items():
                self._client.set_model_version_tag(self._model_name, version, name, value)


class _CanaryIsOver(Exception):
    """Somebody else has ended the canary."""


def _begins(version: str, champion: str | None, terms: CanaryTerms) -> str:
    return (
        f"Version {version} is on canary: it scores {terms.sentence}; version {champion} scores "
        f"the others and answers the API. It is judged from {terms.least_images:,} images on, and "
        f"ends after {terms.longest_hours:g} hours."
    )


def _overtaken(seen: str | None, now: str | None) -> str:
    return (
        f"The champion changed meanwhile: version {seen or 'none'} was champion when this was "
        f"judged, and version {now or 'none'} is now. Nothing moved; decide again."
    )
