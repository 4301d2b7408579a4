"""One check of a decision: what was measured, what was allowed, and a sentence for people."""

import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Check:
    """One line of the decision report.

    Attributes:
        name: What was looked at.
        status: How it ended; only a failed check blocks a promotion.
        value: What was measured, or None.
        limit: What the policy allows, or None.
        sentence: The outcome for people.
        relative: Whether it compares with the champion; if it fails, the candidate is worse.
    """

    name: str
    status: Status
    value: float | None
    limit: float | None
    sentence: str
    relative: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types; JSON has no NaN, so a value that is none becomes None."""
        value = self.value if self.value is not None and math.isfinite(self.value) else None
        return asdict(self) | {"status": self.status.value, "value": value}


def at_least(name: str, value: float, floor: float, what: str) -> Check:
    """Check a value against a floor."""
    passed = value >= floor
    return Check(
        name,
        Status.PASSED if passed else Status.FAILED,
        value,
        floor,
        f"{what} is {value:.4f}, {'at least' if passed else 'below'} the floor of {floor:.4f}.",
    )


def at_most(name: str, value: float, cap: float, what: str, *, relative: bool = False) -> Check:
    """Check a value against a cap."""
    passed = value <= cap
    return Check(
        name,
        Status.PASSED if passed else Status.FAILED,
        value,
        cap,
        f"{what} is {value:.4f}, {'at most' if passed else 'above'} the cap of {cap:.4f}.",
        relative,
    )


def not_measured(
    name: str, sentence: str, *, required: bool = False, relative: bool = False
) -> Check:
    """Say that something was not measured; it fails if the policy requires it."""
    status = Status.FAILED if required else Status.NOT_MEASURED
    tail = " The policy requires it." if required else ""
    return Check(name, status, None, None, sentence + tail, relative)
