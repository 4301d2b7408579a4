"""Notifications of five senders name the same object; nothing else gets through."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist.errors import InvalidInput
from mnist.storage.notifications import notices

FOLDER = Path(__file__).parents[2] / "notifications"
MESSAGES = {file.stem: json.loads(file.read_text()) for file in FOLDER.glob("*.json")}
KEY = "monday scans/ü 1.png"


@pytest.fixture(params=MESSAGES)
def message(request):
    return copy.deepcopy(MESSAGES[request.param])


def test_five_dialects_are_covered():
    assert set(MESSAGES) == {"aws", "minio", "eventbridge", "sns", "seaweedfs"}


def test_each_names_the_key_as_the_bucket_has_it(message):
    (notice,) = notices(message, "inbox")
    assert notice.key == KEY


def test_the_same_message_twice_has_the_same_mark(message):
    assert notices(message, "inbox") == notices(copy.deepcopy(message), "inbox")


def test_another_bucket_is_none_of_our_business(message):
    assert notices(message, "inbo") == []
    assert notices(message, "results") == []


def test_an_overwritten_object_has_another_mark():
    later = copy.deepcopy(MESSAGES["seaweedfs"])
    later["message"]["new_entry"]["attributes"] |= {"md5": "another", "mtime": 1795196300}
    assert notices(later, "inbox") != notices(MESSAGES["seaweedfs"], "inbox")
    later = copy.deepcopy(MESSAGES["aws"])
    later["Records"][0]["s3"]["object"]["sequencer"] = "0055AED6DCD90281E6"
    assert notices(later, "inbox") != notices(MESSAGES["aws"], "inbox")


def test_deletions_and_folders_are_left_out():
    aws, weed = copy.deepcopy(MESSAGES["aws"]), copy.deepcopy(MESSAGES["seaweedfs"])
    aws["Records"][0]["eventName"] = "ObjectRemoved:Delete"
    weed["message"]["new_entry"] |= {"is_directory": True}
    gone = {"event_type": "delete", "key": weed["key"], "message": {"old_entry": {}}}
    assert [notices(each, "inbox") for each in (aws, weed, gone)] == [[], [], []]


def test_a_renamed_object_is_announced_under_its_new_name():
    weed = copy.deepcopy(MESSAGES["seaweedfs"])
    weed |= {"event_type": "rename", "key": "/buckets/inbox/upload/tmp"}
    assert [notice.key for notice in notices(weed, "inbox")] == [KEY]


def test_the_test_message_of_aws_is_understood():
    test = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "inbox"}
    assert notices(test, "inbox") == []


@pytest.mark.parametrize(
    "message",
    [None, 7, "text", [], {}, {"Records": [{}]}, {"Records": [None]}, {"Type": "Notification",
     "Message": "{"}, {"event_type": "create", "key": "/x", "message": None},
     {"source": "aws.s3", "detail-type": "Object Created", "detail": {}}],
)  # fmt: skip
def test_anything_else_is_refused_with_what_was_expected(message):
    with pytest.raises(InvalidInput, match="no notification of an object store"):
        notices(message, "inbox")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Records", "s3", "event_type", "key", "message", "eventName", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_no_message_does_worse_than_being_refused(message):
    try:
        assert isinstance(notices(message, "inbox"), list)
    except InvalidInput:
        return
