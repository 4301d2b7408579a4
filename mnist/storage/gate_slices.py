"""Slices that people made permanent gates: a numbered series of objects, each created once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, Field, ValidationError

from mnist.errors import IntegrityError, InvalidInput
from mnist.storage.bucket import Bucket

_PREFIX = "gate-slices/"


class GateSlice(BaseModel, frozen=True):
    """One person's word on what a slice must reach from now on."""

    sequence: int = Field(ge=1)
    at: datetime
    who: str = Field(min_length=1)
    why: str = Field(min_length=1)
    name: str = Field(min_length=1, description="of the slice, as in mnist.evaluation.slices")
    dataset: str = Field(min_length=1, description="source of the test images it was found in")
    floor: float = Field(ge=0, le=1, description="lowest accuracy; 0 lifts the gate again")


class GateSlices:
    """Every floor that was ever set or lifted. Entries are appended and never changed."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def entries(self) -> list[GateSlice]:
        """Read all entries, the oldest first.

        Raises:
            IntegrityError: If something among them is none.
            Unavailable: If the store does not answer.
        """
        keys = sorted(version.key for page in self._bucket.versions(_PREFIX) for version in page)
        return [self._entry(key) for key in keys]

    def floors(self, dataset: str) -> dict[str, float]:
        """Return name -> floor, 0-1, as they stand for test images of this source."""
        return standing_floors(self.entries(), dataset)

    def set_floor(self, name: str, floor: float, *, dataset: str, who: str, why: str) -> GateSlice:
        """Record that from now on a slice must reach a floor; 0 lifts it.

        Raises:
            InvalidInput: If nobody answers for it, no reason is given, or the floor is no share.
            Unavailable: If the store does not answer.
        """
        while True:
            known = self.entries()
            entry = _checked(
                sequence=len(known) + 1,
                at=datetime.now(UTC),
                who=who.strip(),
                why=why.strip(),
                name=name,
                dataset=dataset,
                floor=floor,
            )
            content = entry.model_dump_json(indent=2).encode()
            # Somebody else may have taken the number since: then look again.
            if self._bucket.create(f"{_PREFIX}{entry.sequence:08d}.json", content) is not None:
                return entry

    def _entry(self, key: str) -> GateSlice:
        try:
            return GateSlice.model_validate_json(self._bucket.fetch(key))
        except ValidationError as error:
            raise IntegrityError(
                f"{self._bucket.name}/{key} is no gate slice "
                f"({error.errors(include_url=False)[0]['msg']}); remove what is none of ours."
            ) from error


def standing_floors(entries: Sequence[GateSlice], dataset: str) -> dict[str, float]:
    """Return the last word on each slice; lifted ones are left out."""
    last = {entry.name: entry.floor for entry in entries if entry.dataset == dataset}
    return {name: floor for name, floor in last.items() if floor > 0}


def _checked(**values: object) -> GateSlice:
    try:
        return GateSlice.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(
            f"{each['loc'][0]}: {each['msg']}" for each in error.errors(include_url=False)
        )
        raise InvalidInput(
            f"A gate slice needs a name, a floor of 0-1, a person and a reason ({problems})."
        ) from error
