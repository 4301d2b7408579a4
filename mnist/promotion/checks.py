"""One check of a decision: what was measured, what was allowed, and a sentence for people."""

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Generic, ParamSpec, Self

P = ParamSpec("P")


class Status(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_MEASURED = "not measured"

    @classmethod
    def of(cls, passed: bool) -> Self:  # noqa: FBT001 - the only thing to say
        """Return passed or failed."""
        return cls.PASSED if passed else cls.FAILED


@dataclass(frozen=True)
class Check:
    """One line of the decision report.

    Attributes:
        name: What was measured.
        status: How it ended; only a failed check blocks a promotion.
        value: What was measured, or None.
        limit: What the policy allows, or None.
        sentence: The outcome for people.
        relative: Whether it is a regression check; if it fails, the candidate is worse.
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


class CheckList(Generic[P]):
    """The gates of one kind; each is a function of evidence and policy.

    Decorating a function with `gate` is all it takes to add one.
    """

    def __init__(self) -> None:
        self._gates: list[Callable[P, Iterable[Check]]] = []

    def gate(self, function: Callable[P, Iterable[Check]]) -> Callable[P, Iterable[Check]]:
        """Add a gate, which is asked after those before it."""
        self._gates.append(function)
        return function

    def run(self, *args: P.args, **kwargs: P.kwargs) -> list[Check]:
        """Ask every gate."""
        return [check for gate in self._gates for check in gate(*args, **kwargs)]


def at_least(name: str, value: float, floor: float, subject: str) -> Check:
    """Check a value against a floor; a floor of 0 is none."""
    if floor == 0:
        sentence = f"{subject} is {_number(value)}; no floor is set."
        return Check(name, Status.PASSED, value, None, sentence)
    passed = value >= floor
    sentence = (
        f"{subject} is {_number(value)}, {'at least' if passed else 'below'} the floor of "
        f"{_number(floor)}."
    )
    return Check(name, Status.of(passed), value, floor, sentence)


def at_most(name: str, value: float, cap: float, subject: str) -> Check:
    """Check a value against a cap."""
    passed = value <= cap
    sentence = (
        f"{subject} is {_number(value)}, {'at most' if passed else 'above'} the cap of "
        f"{_number(cap)}."
    )
    return Check(name, Status.of(passed), value, cap, sentence)


def no_drop(
    name: str, before: float, after: float, cap: float, subject: str, *, relative: bool = False
) -> Check:
    """Check that a share did not drop by more than a cap."""
    drop = before - after
    passed = drop <= cap
    sentence = (
        f"{subject} goes from {_number(before)} to {_number(after)}; "
        f"{'a' if passed else 'only a'} drop of at most {_number(cap)} is allowed."
    )
    return Check(name, Status.of(passed), drop, cap, sentence, relative)


def not_measured(
    name: str, sentence: str, *, required: bool = False, relative: bool = False
) -> Check:
    """Say that something was not measured; it fails if the policy requires it."""
    status = Status.FAILED if required else Status.NOT_MEASURED
    tail = " The policy requires it." if required else ""
    return Check(name, status, None, None, sentence + tail, relative)


def images(count: int) -> str:
    """Write a number of images."""
    return f"{count:,} image{'' if count == 1 else 's'}"


def _number(value: float) -> str:
    """Print four digits after the point, or the power of ten where they would all be 0."""
    return f"{value:.4f}" if value == 0 or abs(value) >= 5e-5 else f"{value:.0e}"
