"""The page of values: by check, by what people corrected, and the pictures behind each line."""

import json

import pytest

from mnist import services
from mnist.tables import BOX_COLUMNS
from tests.reviewing import review as answer
from tests.sheets import layout, png_of, strip

pytestmark = pytest.mark.usefixtures("environment")


@pytest.fixture
def strips(scorer):
    """A batch of four strips, two of which fail their check."""
    scorer.bucket.put("scans/_LAYOUT.json", layout(digits=4, check={"range": [0, 200]}))
    for digits in ("0148", "0149", "0941", "0748"):
        scorer.bucket.put(f"scans/{digits}.png", png_of(strip(digits)))
    scorer.score("scans")
    return {row["value"]: row for row in scorer.results.rows("scans").to_pylist()}


def say(row, value, who, **more):
    boxes = tuple(tuple(mark[side] for side in BOX_COLUMNS) for mark in row["marks"])
    place = {name: row[name] for name in ("key", "etag", "sha256")}
    services.current().reviews.append(
        answer(
            "", who, None, **place, size=row["bytes"], value=value, read_value=row["value"],
            boxes=boxes, **more,
        )
    )  # fmt: skip


def choose(page, table, row):
    (key,) = [frame.key for frame in page.app.dataframe if frame.key and table in frame.key]
    page.app.session_state[key] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    return page


def test_without_values_the_page_says_what_makes_them(values, scorer):
    scorer.drop("digits", 2)
    scorer.score("digits")
    page = values.by().open()
    assert "_LAYOUT.json" in page.words


def test_values_are_counted_by_their_check(values, strips):
    page = values.by().open(batch="scans")
    (table,) = page.app.dataframe
    lines = table.value.to_dict("records")
    assert [(line["check"], line["values"], line["looked at"]) for line in lines] == [
        ("passed", 2, 0), ("failed", 2, 0)
    ]  # fmt: skip
    assert lines[1]["accepted"] == 0
    assert "Nobody has looked at values" in page.words


def test_a_line_leads_to_its_values_and_these_to_one_image(values, strips):
    page = values.by().open(batch="scans", values="check-failed")
    assert "2 values. Values whose check says failed." in page.words.replace("**", "")
    assert sorted(tile["digit"] for tile in page.tiles) == ["0748", "0941"]
    assert all("key=scans" in tile["opens"] and tile["png"] for tile in page.tiles)


def test_what_people_corrected_is_counted_by_change_position_and_digits(values, strips):
    say(strips["0941"], "0991", "ada")
    say(strips["0748"], "748", "ada")
    say(strips["0148"], "0148", "ada")
    say(strips["0149"], "0147", "eve")
    say(strips["0149"], "0148", "ada")  # they disagree
    page = values.by().open(batch="scans")
    _, table = (frame.value for frame in page.app.dataframe)
    assert table.to_dict("records") == [
        {"change": "inserted", "position": 1, "predicted": "0", "written": "", "values": 1},
        {"change": "replaced", "position": 3, "predicted": "4", "written": "9", "values": 1},
    ]
    assert "1 value of 3 right as a whole" in page.words
    page.open(values="replaced-3-4-9")
    (tile,) = page.tiles
    assert (tile["digit"], tile["remarks"]) == ("0941", "people: 0991")


def test_answers_of_an_audit_are_told_once_they_are_agreed_on(values, strips):
    say(strips["0941"], "0991", "ada", audit=True)
    page = values.by("bob").open(batch="scans")
    assert "Nobody has looked at values" in page.words
    assert "0991" not in json.dumps([str(frame.value) for frame in page.app.dataframe])
    say(strips["0941"], "0991", "bob", audit=True)
    assert "0 values of 1 right as a whole" in page.open().words
