"""What scoring costs: each part says what went into it, a receipt adds up all parts of its batch.

So the sums are those of every run that scored something, on whatever machine, not only of the run
that wrote the receipt.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from pydantic import BaseModel, Field, ValidationError

_KEY = b"mnist.work"
_SECONDS_PER_HOUR = 3_600


class StageSeconds(BaseModel, frozen=True):
    """Seconds spent in each stage, added up over threads and chunks; stages overlap."""

    fetch: float = Field(0, ge=0, description="waiting for the store to hand out objects")
    decode: float = Field(0, ge=0, description="hashing and decoding")
    predict: float = Field(0, ge=0, description="in the scoring graph")
    write: float = Field(0, ge=0, description="making and encoding the rows")

    def __add__(self, other: StageSeconds) -> StageSeconds:
        return StageSeconds(**{name: value + getattr(other, name) for name, value in self})


class PartWork(BaseModel, frozen=True):
    """What went into one part; kept in the metadata of its Parquet file."""

    started_at: datetime
    finished_at: datetime
    cpu_seconds: float = Field(ge=0, description="see `ScoringWork`")
    stage_seconds: StageSeconds

    def as_metadata(self) -> dict[bytes, bytes]:
        """Give it as metadata of an Arrow schema."""
        return {_KEY: self.model_dump_json().encode()}

    @classmethod
    def in_metadata(cls, metadata: dict[bytes, bytes] | None) -> PartWork | None:
        """Find it in the metadata of an Arrow schema; None in parts of 0.1.0 and damaged ones."""
        try:
            return cls.model_validate_json((metadata or {})[_KEY])
        except (KeyError, ValidationError):
            return None


class ScoringWork(BaseModel, frozen=True):
    """What all runs of a batch have spent on its rows."""

    rows: int = Field(ge=0, description="rows of the parts that say what went into them")
    stage_seconds: StageSeconds
    cpu_seconds: float = Field(
        ge=0,
        description=(
            "processor time of the threads that fetch, decode and predict, and the time they "
            "waited for decoders in processes of their own"
        ),
    )
    seconds: float = Field(ge=0, description="time in which at least one part was in the making")
    images_per_second: float = Field(ge=0, description="rows by these seconds")
    cost_per_thousand: float | None = Field(
        None, description="of 1,000 rows, at the price of an hour of CPU that the settings name"
    )

    @classmethod
    def of(
        cls, parts: Iterable[tuple[PartWork, int]], cpu_hour_price: float | None
    ) -> ScoringWork | None:
        """Add up what went into parts, each with its number of rows; None if nothing is known."""
        works = sorted(parts, key=lambda part: part[0].started_at)
        rows = sum(number for _, number in works)
        if not rows:
            return None
        seconds = _covered_seconds(work for work, _ in works)
        cpu_seconds = sum(work.cpu_seconds for work, _ in works)
        price = None if cpu_hour_price is None else cpu_hour_price / _SECONDS_PER_HOUR
        return cls(
            rows=rows,
            stage_seconds=sum((work.stage_seconds for work, _ in works), StageSeconds()),
            cpu_seconds=cpu_seconds,
            seconds=seconds,
            images_per_second=rows / seconds if seconds else 0,
            cost_per_thousand=None if price is None else cpu_seconds * price / rows * 1_000,
        )

    @property
    def sentence(self) -> str:
        """Say it for people."""
        spent = self.stage_seconds
        cost = self.cost_per_thousand
        return (
            f"{self.rows:,} rows in {self.seconds:.1f} s, {self.images_per_second:,.0f} images per "
            f"second, {self.cpu_seconds:.1f} CPU seconds. Seconds of work, added up over threads: "
            f"{spent.fetch:.1f} fetching, {spent.decode:.1f} decoding, "
            f"{spent.predict:.1f} predicting, {spent.write:.1f} writing."
            + ("" if cost is None else f" Cost of 1,000 images: {cost:.6f}.")
        )


def _covered_seconds(works: Iterable[PartWork]) -> float:
    """Measure the union of the times in which parts were made, given in the order they began."""
    covered = timedelta(0)
    end: datetime | None = None
    for work in works:
        start = work.started_at if end is None else max(work.started_at, end)
        if work.finished_at > start:
            covered += work.finished_at - start
            end = work.finished_at
    return covered.total_seconds()
