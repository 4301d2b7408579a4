"""A check passes what is valid and fails what is not."""

import json

import pytest

from mnist.errors import InvalidLayout
from mnist.layouts import CheckResult, Layout
from mnist.layouts.checks import check


def rule(said):
    return Layout.parse(json.dumps({"digits": "auto", "check": said}).encode()).check


@pytest.mark.parametrize(
    ("said", "passing", "failing"),
    [
        ("luhn", "79927398713", "79927398710"),
        ("isbn", "9783161484100", "9783161484101"),
        ("ean", "73513537", "73513536"),
        ("mod97", "79444", "79445"),
        ("verhoeff", "2363", "2364"),
        ({"iban": "DE"}, "89370400440532013000", "89370400440532013001"),
        ({"range": [0, 120]}, "007", "121"),
        ({"range": [-2, 9.5]}, "-1,25", "9,75"),
        ({"date": "%d%m%Y"}, "29022024", "29022023"),
        ({"date": "%d.%m.%y"}, "01.12.26", "1.12.26"),
        ({"list": ["0114", "0220"]}, "0114", "114"),
    ],
)
def test_a_check_tells_right_from_wrong(said, passing, failing) -> None:
    assert check(passing, rule(said)) is CheckResult.PASSED
    assert check(failing, rule(said)) is CheckResult.FAILED


def test_without_a_check_there_is_no_result() -> None:
    assert check("123", None) is CheckResult.NONE


@pytest.mark.parametrize("value", ["", "12.", "-", "1 2"])
def test_no_value_breaks_a_check(value) -> None:
    for said in ("luhn", {"range": [50, 90]}, {"date": "%d%m%Y"}, {"iban": "DE"}):
        assert check(value, rule(said)) is CheckResult.FAILED


def test_a_value_is_held_against_the_last_one_if_there_is_one() -> None:
    not_below = rule({"not_below": "meters-"})
    assert check("0451", not_below) is CheckResult.NONE
    for value, last, result in (
        ("0451", "0451", CheckResult.PASSED),
        ("452", "0451,9", CheckResult.PASSED),
        ("0450", "0451", CheckResult.FAILED),
        ("1-9", "0451", CheckResult.FAILED),
        ("0451", "1-9", CheckResult.FAILED),
    ):
        assert check(value, not_below, last) is result


@pytest.mark.parametrize("series", ["", "a/b", 7])
def test_a_series_is_the_beginning_of_names_of_batches(series) -> None:
    with pytest.raises(InvalidLayout, match="not_below"):
        rule({"not_below": series})
