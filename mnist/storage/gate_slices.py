"""Slices that people made permanent gates: a numbered series of objects, each created once."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, Field, ValidationError

from mnist.errors import InvalidInput
from mnist.keys import GATE_SLICES
from mnist.storage.bucket import Bucket
from mnist.storage.object_log import NumberedLog


class GateSlice(BaseModel, frozen=True):
    """One person's word on what a slice must reach from now on."""

    sequence: int = Field(ge=1)
    at: datetime
    who: str = Field(min_length=1)
    why: str = Field(min_length=1)
    name: str = Field(min_length=1, description="of the slice, as in mnist.evaluation.slice_search")
    dataset: str = Field(min_length=1, description="source of the test images it was seen in")
    floor: float = Field(ge=0, le=1, description="lowest accuracy; 0 lifts the gate again")


class GateSlices:
    """Every floor that was ever set or lifted. Entries are appended and never changed."""

    def __init__(self, bucket: Bucket) -> None:
        self.log = NumberedLog(bucket, GATE_SLICES, GateSlice)

    def entries(self) -> list[GateSlice]:
        """Return all entries, the oldest first; what cannot be parsed is left out and named."""
        return list(self.log.entries())

    def floors(self, dataset: str) -> dict[str, float]:
        """Return name -> floor, 0-1, as they stand for test images of this source."""
        return standing_floors(self.entries(), dataset)

    def set_floor(self, name: str, floor: float, *, dataset: str, who: str, why: str) -> GateSlice:
        """Record that from now on a slice must reach a floor; 0 lifts it.

        Raises:
            InvalidInput: If nobody answers for it, no reason is given, or the floor is no share.
        """
        values = {"name": name, "dataset": dataset, "floor": floor}
        people = {"who": who.strip(), "why": why.strip()}
        return self.log.append(lambda number, _: _gate_slice(number, **values, **people))


def standing_floors(entries: Sequence[GateSlice], dataset: str) -> dict[str, float]:
    """Return the last word on each slice; lifted ones are left out."""
    last = {entry.name: entry.floor for entry in entries if entry.dataset == dataset}
    return {name: floor for name, floor in last.items() if floor > 0}


def _gate_slice(number: int, **values: object) -> GateSlice:
    try:
        return GateSlice.model_validate({**values, "sequence": number, "at": datetime.now(UTC)})
    except ValidationError as error:
        problems = "; ".join(f"{e['loc'][0]}: {e['msg']}" for e in error.errors(include_url=False))
        raise InvalidInput(
            f"A gate slice needs a name, a floor of 0-1, a person and a reason ({problems})."
        ) from error
