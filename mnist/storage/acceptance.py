"""The thresholds of acceptance and their evidence: a numbered series of signed objects."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from pydantic import BaseModel, Field

from mnist.acceptance.sources import SourceThreshold, threshold_for
from mnist.keys import ACCEPTANCE
from mnist.scoring.predictions import PinnedModel
from mnist.storage.bucket import Bucket
from mnist.storage.signing import SignedNumberedLog, Signing

_log = structlog.get_logger(__name__)


class AcceptanceEntry(BaseModel, frozen=True):
    """From which confidence on predictions of one version are accepted, and why."""

    sequence: int = Field(ge=1)
    at: datetime
    who: str = Field(min_length=1, description="the flow run that chose it")
    model: str
    version: str
    digest: str = Field(description="SHA-256 of the scoring graph whose confidences these are")
    max_error_rate: float = Field(gt=0, lt=1, description="what is promised")
    assurance: float = Field(gt=0, lt=1, description="of the bounds")
    thresholds: list[SourceThreshold] = Field(min_length=1)
    reasons: list[str]


class AcceptanceLog:
    """The folder `acceptance/` of the results bucket.

    Args:
        bucket: Where it lies.
        signing: Signs the entries as it does the journal's.
        cautious: Threshold where there is no evidence.
    """

    def __init__(self, bucket: Bucket, signing: Signing, cautious: float) -> None:
        self.log = SignedNumberedLog(bucket, ACCEPTANCE, AcceptanceEntry, signing)
        self.cautious = cautious

    def entries(self) -> list[AcceptanceEntry]:
        """Return all entries, the oldest first; what cannot be parsed is left out and named."""
        return list(self.log.entries())

    def newest(self, digest: str) -> AcceptanceEntry | None:
        """Return the newest entry about a scoring graph.

        An entry after it that cannot be parsed may have raised a threshold: then there is none.
        """
        entries = [entry for entry in self.entries() if entry.digest == digest]
        if not entries:
            return None
        if damaged := self.log.damaged(after=entries[-1].sequence):
            _log.warning("acceptance.damaged", entries=damaged)
            return None
        return entries[-1]

    def without_evidence(self, model: PinnedModel) -> PinnedModel:
        """Let a version accept what it may before anybody has labelled images of this stream."""
        least = max(model.accept_confidence, self.cautious)
        return replace(model, accept_confidence=least, acceptance_evidence=_NO_EVIDENCE)

    def judged(self, model: PinnedModel, key: str = "") -> PinnedModel:
        """Let a version accept what the newest entry about it allows for a batch or a key.

        Args:
            model: As the registry knows it.
            key: What is scored; empty for images that come from nowhere in particular.
        """
        return self.applied(self.newest(model.digest), model, key)

    def applied(
        self, entry: AcceptanceEntry | None, model: PinnedModel, key: str = ""
    ) -> PinnedModel:
        """Let a version accept what this entry about it allows; see `judged`."""
        chosen = None if entry is None else threshold_for(entry.thresholds, key)
        if entry is None or chosen is None:
            return self.without_evidence(model)
        return replace(
            model,
            accept_confidence=chosen.threshold,
            acceptance_entry=entry.sequence,
            acceptance_evidence=chosen.sentence,
        )

    def append(self, entry: AcceptanceEntry) -> AcceptanceEntry:
        """Add an entry; it gets the next number."""
        return self.log.append(lambda number, _: entry.model_copy(update={"sequence": number}))

    def problems(self) -> Sequence[str]:
        """Say which entries were changed, taken away or signed by somebody else."""
        return self.log.problems(lambda entry: entry.at)


_NO_EVIDENCE = "Nobody has audited predictions of this version yet, so the threshold is cautious."
