"""Captured images are removed when their time is over, or on request; nothing else ever is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.remove_captured import remove_captured
from mnist.captured import captured_folder, new_identifier, time_of
from mnist.errors import InvalidInput
from mnist.settings import Settings
from tests.factories import png

FORM = Path("examples/form/_LAYOUT.json").read_bytes()


@pytest.fixture
def put(inbox_bucket):
    """Put a captured image of some days ago into the inbox; returns identifier and key."""

    def image(days, client="default", layout=""):
        moment = datetime.now(UTC) - timedelta(days=days)
        milliseconds = int(moment.timestamp() * 1_000)
        identifier = f"{milliseconds:012x}"[:8] + "-" + f"{milliseconds:012x}"[8:]
        identifier += new_identifier()[13:]
        assert abs(time_of(identifier) - moment) < timedelta(seconds=1)
        key = f"{captured_folder(identifier, client, layout)}/{identifier}.png"
        inbox_bucket.put(key, png(7))
        return identifier, key

    return image


def keys(bucket):
    return sorted(version.key for page in bucket.versions() for version in page)


def test_what_is_older_than_the_setting_goes_and_everything_else_stays(wired, put, inbox_bucket):
    days = Settings.model_fields["api_capture_days"].default
    old, young = [put(days + 1), put(days + 400, "till")], [put(0), put(days - 1)]
    for key in ("api-forms/1.png", "monday/1.png", "api-default-20200101T00x/1.png", "loose.png"):
        inbox_bucket.put(key, png(1))
    before = keys(inbox_bucket)
    assert remove_captured() == {"folders": 2, "images": 2}
    assert set(before) - set(keys(inbox_bucket)) == {key for _, key in old}
    assert {key for _, key in young} <= set(keys(inbox_bucket))
    assert remove_captured()["images"] == 0


def test_a_layout_and_its_template_go_with_the_last_picture(wired, put, inbox_bucket):
    _, key = put(99, layout="0" * 40)
    folder = key.partition("/")[0]
    inbox_bucket.put(f"{folder}/_LAYOUT.json", FORM)
    inbox_bucket.put(f"{folder}/_TEMPLATE.png", png(0))
    remove_captured()
    assert keys(inbox_bucket) == []


def test_what_people_put_into_such_a_folder_stays_with_its_layout(wired, put, inbox_bucket):
    _, key = put(99, layout="0" * 40)
    folder = key.partition("/")[0]
    mine = [f"{folder}/mine.png", f"{folder}/_LAYOUT.json"]
    inbox_bucket.put(mine[0], png(0))
    inbox_bucket.put(mine[1], FORM)
    assert remove_captured() == {"folders": 1, "images": 1}
    assert keys(inbox_bucket) == sorted(mine)


def test_one_image_is_removed_on_request_and_the_log_says_by_whom(wired, put, inbox_bucket):
    (identifier, key), (_, other) = put(1), put(1)
    answer = remove_captured(identifier, "Ada", "the writer asked for it")
    assert answer == {"key": key}
    assert keys(inbox_bucket) == [other]
    (line,) = wired.audit.last(5)
    assert (line.who, line.subject, line.why) == ("Ada", key, "the writer asked for it")


@pytest.mark.parametrize(
    ("identifier", "who", "why"),
    [
        ("there", "", "why"),
        ("there", "Ada", " "),
        ("there", "", ""),
        ("../monday/1", "Ada", "why"),
        ("", "Ada", "why"),
        ("01a21d8f-d9db-7265-9076-f05eca6c7a39", "Ada", "why"),
    ],
)
def test_nothing_is_removed_without_a_name_a_reason_and_an_image(
    wired, put, inbox_bucket, identifier, who, why
):
    known, key = put(1)
    with pytest.raises(InvalidInput):
        remove_captured(known if identifier == "there" else identifier, who, why)
    assert keys(inbox_bucket) == [key]
    assert wired.audit.last(5) == []


def test_a_removed_image_keeps_its_row_and_its_batch_still_verifies(wired, put, results):
    identifier, key = put(0)
    batch = key.partition("/")[0]
    wired.batch_scoring.run(batch, "run")
    remove_captured(identifier, "Ada", "why")
    assert results.verify(batch)[1] == ()
    assert [row["key"] for row in results.rows(batch).to_pylist()] == [key]
