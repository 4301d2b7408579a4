"""What a layout may say, and the one sentence about what it may not."""

import json

import pytest

from mnist.errors import InvalidLayout
from mnist.layouts import Layout


def parse(**said) -> Layout:
    return Layout.parse(json.dumps(said).encode())


def test_a_grid_names_its_cells_row_by_row() -> None:
    places = parse(grid=[46, 25]).places()
    assert len(places) == 1150
    assert places[:2] == ["r01c01", "r01c02"]
    assert places[25] == "r02c01"
    assert places[-1] == "r46c25"
    assert parse(grid=[1, 100]).places()[-1] == "r01c100"


def test_cells_hold_one_digit_unless_more_are_declared() -> None:
    assert parse(grid=[2, 2]).content_of("r01c01").count == 1
    assert parse(grid=[2, 2], digits=4).content_of("r01c01").count == 4


@pytest.mark.parametrize("digits", ["auto", 5])
def test_a_value_is_the_picture_itself(digits) -> None:
    layout = parse(digits=digits, check="luhn")
    assert layout.places() == [""]
    assert layout.content_of("").check == "luhn"


def test_fields_come_in_the_order_of_the_file() -> None:
    box = {"box": [0.1, 0.2, 0.5, 0.3], "digits": 5}
    layout = parse(fields={"postcode": box, "amount": {**box, "check": {"range": [0, 99]}}})
    assert layout.places() == ["postcode", "amount"]
    assert layout.content_of("postcode").count == 5


def test_the_digest_is_about_what_is_said_not_how() -> None:
    spaced = Layout.parse(b'\xef\xbb\xbf{ "digits": 5,\n "check": "luhn" }')
    assert spaced.digest == Layout.parse(b'{"check":"luhn","digits":5}').digest
    assert spaced.digest != parse(digits=6, check="luhn").digest
    assert len(spaced.digest) == 64


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no JSON"),
        (b"\xff", "no JSON in UTF-8"),
        (b"[1]", "at the whole"),
        (b'{"grid": [0, 3]}', r"at grid: expected 1 to 200 rows .* got \[0, 3\]"),
        (b'{"grid": [201, 3]}', "200"),
        (b'{"grid": [200, 200]}', "10,000 cells"),
        (b'{"grid": [2.5, 3]}', "grid"),
        (b'{"grid": [3]}', "grid"),
        (b'{"grid": [3, 3], "digits": 2, "grid": [4, 4]}', "'grid' twice"),
        (b'{"gird": [3, 3]}', "gird"),
        (b"{}", "one of grid, fields and digits"),
        (b'{"grid": [3, 3], "fields": {"a": {"box": [0, 0, 1, 1]}}}', "one of grid"),
        (b'{"digits": 0}', "1 to 40"),
        (b'{"digits": "five"}', "auto"),
        (b'{"digits": 5, "check": "lun"}', "luhn"),
        (b'{"digits": 5, "check": {"range": [9, 1]}}', "lower bound"),
        (b'{"digits": 5, "check": {"date": "day"}}', "date"),
        (b'{"digits": 5, "symbols": "%"}', "any of"),
        (b'{"fields": {}}', "1 to 500 fields"),
        (b'{"fields": {"a!b": {"box": [0, 0, 1, 1]}}}', "a!b"),
        (b'{"fields": {"a": {"box": [0.5, 0, 0.4, 1]}}}', "left < right"),
        (b'{"fields": {"a": {"box": [0, 0, 1.2, 1]}}}', "fractions"),
        (b'{"fields": {"a": {"box": [0, 0, 1, 1]}}, "digits": 3}', "inside each field"),
        (b'{"fields": {"a": {"box": [0, 0, 1, 1]}}, "template": "../x.png"}', "plain name"),
        (b'{"digits": 3, "template": "x.png"}', "beside fields"),
        (b'{"a":' * 100_000, "no JSON"),
        (b" " * 1_000_001, "1,000,001 bytes"),
    ],
)
def test_what_is_wrong_is_one_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(InvalidLayout, match=sentence) as raised:
        Layout.parse(content)
    assert str(raised.value).endswith(".")
    assert len(str(raised.value)) < 700
