"""Making a slice of the test images a permanent gate, or lifting it."""

from __future__ import annotations

from dashboard.access.people import Person, require_editor
from mnist.errors import InvalidInput
from mnist.storage.audit import AuditLog
from mnist.storage.gate_slices import GateSlice, GateSlices


def set_floor(
    gate_slices: GateSlices,
    audit: AuditLog,
    person: Person,
    name: str,
    floor: float,
    *,
    dataset: str,
    why: str,
) -> GateSlice:
    """Record what a slice must reach from now on; a floor of 0 lifts the gate.

    Raises:
        AccessDenied: If the person may only look.
        InvalidInput: If no reason is given.
        Unavailable: If the store does not answer.
    """
    require_editor(person, "make slices permanent gates")
    if not why.strip():
        raise InvalidInput(f"No reason is given for a floor on the slice {name!r}; say why.")
    audit.record(person.name, f"set a floor of {floor:.3f}", f"slice {name}", why.strip())
    return gate_slices.set_floor(name, floor, dataset=dataset, who=person.name, why=why)
