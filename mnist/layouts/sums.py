"""Fields that have to be the sum of others on the same page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from mnist.digits import Outcome
from mnist.layouts.checks import CheckResult, IsSum, number_of
from mnist.layouts.results import Cut, PlacePrediction


def summed(predictions: Sequence[PlacePrediction], cuts: Sequence[Cut]) -> list[PlacePrediction]:
    """Check the fields of one page that have to be the sum of others.

    Where a sum is wrong, any of its values may be: none of them is accepted. An empty field counts
    as 0; beside one that was rejected no sum is right.

    Args:
        predictions: Of all places of a page.
        cuts: What they were predicted from, in the same order.
    """
    rules = {cut.place: cut.content.check for cut in cuts if isinstance(cut.content.check, IsSum)}
    if not rules:
        return list(predictions)
    by_place = {prediction.place: prediction for prediction in predictions}
    for place, rule in rules.items():
        total = by_place[place]
        if total.outcome is not Outcome.SCORED:
            continue
        expected = _sum(by_place, rule)
        if expected is not None and _number(total) == expected:
            by_place[place] = replace(total, check=CheckResult.PASSED)
            continue
        proposal = _written_like(total.value, expected)
        by_place[place] = replace(total, check=CheckResult.FAILED, proposal=proposal)
        for involved in (place, *rule.sum):
            by_place[involved] = replace(by_place[involved], accepted=False, contradicted=True)
    return [by_place[prediction.place] for prediction in predictions]


def _sum(by_place: Mapping[str, PlacePrediction], rule: IsSum) -> Decimal | None:
    terms = [by_place[place] for place in rule.sum]
    numbers = [Decimal(0) if t.outcome is Outcome.EMPTY else _number(t) for t in terms]
    present = [number for number in numbers if number is not None]
    return sum(present, Decimal(0)) if len(present) == len(numbers) else None


def _number(prediction: PlacePrediction) -> Decimal | None:
    if prediction.outcome is not Outcome.SCORED:
        return None
    try:
        return number_of(prediction.value)
    except InvalidOperation:
        return None


def _written_like(value: str, expected: Decimal | None) -> str | None:
    """Write the sum as the value is written; None where that would take more digits or signs."""
    if expected is None or not value.isdigit() or expected != expected.to_integral_value():
        return None
    text = f"{int(expected):0{len(value)}d}"
    return text if len(text) == len(value) else None
