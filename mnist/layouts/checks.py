"""What a value has to satisfy: a check digit, a range, a date, a list, a sum, or no fall."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cached_property
from importlib import import_module
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_LISTED = 50_000

CheckDigits = Literal["luhn", "isbn", "issn", "ean", "imei", "verhoeff", "damm", "mod97", "mod11"]
"""Check digits that python-stdnum computes."""

_MODULES = {"mod97": "iso7064.mod_97_10", "mod11": "iso7064.mod_11_10"}
"""Where python-stdnum has another name for them."""


class CheckResult(StrEnum):
    """What the check said of a value; `none` if the layout has no check for it."""

    PASSED = "passed"
    FAILED = "failed"
    NONE = "none"


class _Check(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class InRange(_Check):
    """The value is a number from one bound to the other, both included."""

    range: tuple[float, float]

    @model_validator(mode="after")
    def _in_order(self) -> "InRange":
        if not self.range[0] <= self.range[1]:
            raise ValueError("expected the lower bound first")
        return self

    def accepts(self, value: str) -> bool:
        """Whether the value satisfies it."""
        try:
            number = number_of(value)
        except InvalidOperation:
            return False
        low, high = self.range
        return low <= number <= high


class IsDate(_Check):
    """The value is a date written in one way, such as `%d%m%Y`."""

    date: Annotated[str, Field(min_length=2, max_length=40, pattern="%[dmyYjHM]")]

    def accepts(self, value: str) -> bool:
        """Whether the value satisfies it."""
        try:
            day = datetime.strptime(value, self.date)  # noqa: DTZ007 - a day has no zone
            # strptime takes 1 for %d too; a value has as many digits as the format writes.
            return day.strftime(self.date) == value
        except ValueError:
            return False


class IsListed(_Check):
    """The value is one of a list."""

    list: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_LISTED)]

    @cached_property
    def _values(self) -> frozenset[str]:
        return frozenset(self.list)

    def accepts(self, value: str) -> bool:
        """Whether the value satisfies it."""
        return value in self._values


class IsIban(_Check):
    """The value is what follows the country's two letters in an IBAN made of digits."""

    iban: Annotated[str, Field(pattern="^[A-Z]{2}$")]

    def accepts(self, value: str) -> bool:
        """Whether the value satisfies it."""
        return _is_valid("iban", f"{self.iban}{value}")


class IsSum(_Check):
    """The value is the sum of other fields of the page; `mnist.layouts.sums` checks it."""

    sum: Annotated[tuple[str, ...], Field(min_length=2, max_length=100)]


class IsNotBelow(_Check):
    """The value is a number not below the last one of the same place in earlier batches.

    Attributes:
        not_below: Beginning of the names of those batches.
    """

    not_below: Annotated[str, Field(min_length=1, max_length=200, pattern="^[^/]+$")]


Check = CheckDigits | InRange | IsDate | IsListed | IsIban | IsSum | IsNotBelow
"""What a layout may say after `check`."""


def number_of(value: str) -> Decimal:
    """Take a value for a number, its comma for a decimal point.

    Raises:
        InvalidOperation: If it is none.
    """
    return Decimal(value.replace(" ", "").replace(",", "."))


def check(value: str, rule: Check | None, last: str | None = None) -> CheckResult:
    """Hold a value against what it has to satisfy.

    Args:
        value: Digits, with the symbols that the layout allows between them.
        rule: None if there is nothing to satisfy.
        last: The last value of the same place, for a rule that asks for it; None if there is none.

    Returns:
        `NONE` also for a sum, which takes the other fields, and where there is no last value.
    """
    if rule is None or isinstance(rule, IsSum):
        return CheckResult.NONE
    if isinstance(rule, IsNotBelow):
        if last is None:
            return CheckResult.NONE
        passed = _is_not_below(value, last)
    elif isinstance(rule, str):
        digits = "".join(filter(str.isdigit, value))
        passed = _is_valid(_MODULES.get(rule, rule), digits)
    else:
        passed = rule.accepts(value)
    return CheckResult.PASSED if passed else CheckResult.FAILED


def _is_not_below(value: str, last: str) -> bool:
    try:
        return number_of(value) >= number_of(last)
    except InvalidOperation:
        return False


def _is_valid(module: str, number: str) -> bool:
    # By name, because python-stdnum has a module for each kind of number.
    return bool(import_module(f"stdnum.{module}").is_valid(number))
