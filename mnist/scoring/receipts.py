"""Receipts: what was listed in a batch and what became of each object version."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from mnist import markdown
from mnist.digits import Outcome, Reason
from mnist.keys import ObjectVersion, identity
from mnist.scoring.captured_answers import CapturedAnswers
from mnist.scoring.stages import ScoringWork

_ACCEPTANCE = b"mnist.acceptance"


class Listing(BaseModel, frozen=True):
    """What the inbox held when the run looked."""

    count: int = Field(ge=0, description="object versions listed")
    bytes: int = Field(ge=0, description="their sizes added up")
    digest: str = Field(description="SHA-256 over their sorted identities")


class PartRecord(BaseModel, frozen=True):
    """One Parquet part of the batch."""

    key: str
    sha256: str
    rows: int


class ModelRecord(BaseModel, frozen=True):
    """One model that scored rows of the batch."""

    name: str
    version: str
    digest: str
    rows: int


class VersionRecord(BaseModel, frozen=True):
    """One object version that the parts alone do not explain."""

    key: str
    etag: str
    size: int
    outcome: Outcome

    @classmethod
    def of(cls, version: ObjectVersion, outcome: Outcome) -> VersionRecord:
        """Record an object version with its outcome."""
        return cls(key=version.key, etag=version.etag, size=version.size, outcome=outcome)

    @property
    def identity(self) -> bytes:
        """Name the object version in 16 bytes."""
        return identity(self.key, self.etag, self.size)


class AcceptanceRecord(BaseModel, frozen=True):
    """By which threshold rows of the batch were accepted; kept in the metadata of each part."""

    entry: int = Field(ge=0, description="number in the acceptance log; 0: nobody chose it")
    threshold: float = Field(description="least confidence of an accepted prediction")
    evidence: str = Field("", description="what it rested on when the rows were made")
    value_threshold: float | None = Field(
        None, description="least confidence of an accepted value; null where there are no places"
    )
    value_evidence: str = Field("", description="what that rested on")

    def with_values(self, threshold: float, evidence: str) -> AcceptanceRecord:
        """Record as well by which threshold values were accepted."""
        return self.model_copy(update={"value_threshold": threshold, "value_evidence": evidence})

    def as_metadata(self) -> dict[bytes, bytes]:
        """Give it as metadata of an Arrow schema."""
        return {_ACCEPTANCE: self.model_dump_json().encode()}

    @classmethod
    def in_metadata(cls, metadata: dict[bytes, bytes] | None) -> AcceptanceRecord | None:
        """Find it in the metadata of an Arrow schema; None in older parts and damaged ones."""
        try:
            return cls.model_validate_json((metadata or {})[_ACCEPTANCE])
        except (KeyError, ValidationError):
            return None

    @property
    def sentence(self) -> str:
        """Say it for people."""
        chosen = f"entry {self.entry} of the acceptance log" if self.entry else "no entry"
        sentences = [f"Accepted from a confidence of {self.threshold:.5g} on ({chosen})."]
        sentences.append(self.evidence)
        if self.value_threshold is not None:
            sentences.append(f"Values are accepted from {self.value_threshold:.5g} on.")
            sentences.append(self.value_evidence)
        return " ".join(filter(None, sentences))


class RunRecord(BaseModel, frozen=True):
    """The run that makes the statement."""

    name: str
    started_at: datetime
    finished_at: datetime
    rows_written: int = Field(ge=0, description="rows this run wrote")
    retried: int = Field(0, ge=0, description="object versions it had to ask for more than once")
    again_after: str = Field("", description="run whose rejects it scored again, if it did so")
    flow_run: str = Field("", description="Prefect's run it belonged to; empty: its name is that")
    code_digest: str = Field("", description="SHA-256 over the sources that scored")

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.finished_at - self.started_at).total_seconds()


class Receipt(BaseModel, frozen=True):
    """The statement of one run about a whole batch: listed = scored + rejected + … , each once."""

    schema_version: Literal[1] = 1
    batch: str
    run: RunRecord
    listing: Listing
    ignored: dict[str, int] = Field(
        {}, description="files that computers add, left out of the listing, by what they are"
    )
    outcomes: dict[Outcome, int] = Field(description="listed object versions by outcome")
    reasons: dict[str, int] = Field(description="rejected object versions by reason")
    missing: int = Field(ge=0, description="listed object versions without an outcome")
    accepted: int = Field(ge=0, description="scored rows that need no person's look")
    accepted_share: float = Field(0, ge=0, le=1, description="accepted of scored")
    review_share: float = Field(0, ge=0, le=1, description="scored rows that a person looks at")
    unsettled: list[VersionRecord] = Field(description="listed, then superseded or vanished")
    unlisted: list[VersionRecord] = Field(description="have a row, but were not listed any more")
    duplicate_rows: int = Field(ge=0, description="rows set aside because another one counts")
    parts: list[PartRecord]
    models: list[ModelRecord]
    preprocessing_digests: list[str]
    work: ScoringWork | None = Field(
        None, description="what all runs of the batch have spent; unknown in old receipts"
    )
    acceptance: list[AcceptanceRecord] = Field(
        [], description="what decided which rows are accepted; unknown in old receipts"
    )
    captured_answers: CapturedAnswers | None = Field(
        None, description="of a folder of captured images: what the API had answered for them"
    )
    verdict: Literal["complete", "incomplete", "failed"]
    verdict_reason: str

    @property
    def is_balanced(self) -> bool:
        """Tell whether every listed object version has exactly one outcome."""
        return self.missing == 0 and self.listing.count == sum(self.outcomes.values())

    def predicted_by(self, version: str) -> int:
        """Count the images of which a model version has said something.

        Rejected images and empty places, which no model saw, are among its rows and do not count;
        in a batch of several versions, where nobody can tell whose they are, some may.
        """
        rows = sum(model.rows for model in self.models if model.version == version)
        seen = (self.outcomes.get(name, 0) for name in (Outcome.SCORED, Outcome.NOT_A_DIGIT))
        return min(rows, sum(seen))

    def summary(self) -> dict[str, str | int]:
        """Give the sums in one flat mapping."""
        return {
            "batch": self.batch,
            "verdict": self.verdict,
            "listed": self.listing.count,
            **{str(outcome): self.outcomes.get(outcome, 0) for outcome in Outcome},
            "missing": self.missing,
            "accepted": self.accepted,
            "review": self.outcomes.get(Outcome.SCORED, 0) - self.accepted,
        }

    def markdown(self) -> str:
        """Say the receipt for people."""
        outcomes = " + ".join(f"{count:,} {name}" for name, count in self.outcomes.items())
        lines = [
            f"# Batch {self.batch}: {self.verdict}",
            "",
            self.verdict_reason,
            "",
            f"**{self.listing.count:,} listed = {outcomes or '0'}**",
            "",
            f"{self.accepted:,} accepted without review ({self.accepted_share:.1%} of the scored), "
            f"{self.outcomes.get(Outcome.SCORED, 0) - self.accepted:,} for review "
            f"({self.review_share:.1%}).",
            "",
            markdown.table(
                ("model", "version", "rows"),
                ((model.name, model.version, f"{model.rows:,}") for model in self.models),
            ),
        ]
        for record in self.acceptance:
            lines += ["", record.sentence]
        if self.captured_answers:
            lines += ["", self.captured_answers.sentence]
        if self.work:
            lines += ["", self.work.sentence]
        if self.ignored:
            kinds = ", ".join(f"{count:,} `{kind}`" for kind, count in self.ignored.items())
            lines += ["", f"Left out, because computers add them by themselves: {kinds}."]
        if self.reasons:
            rows = ((name, f"{n:,}", Reason(name).sentence) for name, n in self.reasons.items())
            lines += ["", markdown.table(("reason", "images", "what it means"), rows)]
        return "\n".join([*lines, "", f"Listing digest `{self.listing.digest}`", ""])
