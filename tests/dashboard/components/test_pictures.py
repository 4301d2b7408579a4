"""Thumbnails of whatever lies in the inbox: small, bounded, and never an exception."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.components.pictures import LIMITS, SIDE, Rendering, thumbnail, thumbnails
from mnist.storage.bucket import Bucket
from mnist.storage.inbox import Inbox
from tests.factories import png, version


def picture(content: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)


def scan(height: int, width: int) -> bytes:
    page = np.full((height, width, 3), 240, np.uint8)
    cv2.putText(page, "5", (width // 4, 3 * height // 4), 0, height / 60, (90, 20, 20), 12)
    return cv2.imencode(".jpg", page)[1].tobytes()


def test_a_large_scan_is_shrunk_and_keeps_its_shape():
    small = thumbnail(scan(600, 300), Rendering.ORIGINAL)
    assert picture(small.png).shape == (SIDE, SIDE // 2)


def test_what_the_model_sees_is_light_on_dark_and_28_by_28():
    seen = picture(thumbnail(scan(600, 300), Rendering.MODEL).png)
    assert seen.shape == (28, 28)
    assert seen[0].max() == 0
    assert seen.max() > 200


def test_a_small_image_is_not_blown_up():
    assert picture(thumbnail(png(4), Rendering.ORIGINAL).png).shape == (28, 28)


def test_a_blank_image_is_shown_but_the_model_never_saw_it():
    blank = cv2.imencode(".png", np.full((40, 40), 255, np.uint8))[1].tobytes()
    assert thumbnail(blank, Rendering.ORIGINAL).png is not None
    assert thumbnail(blank, Rendering.MODEL).note == "the model never saw it"


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(Rendering))
def test_no_bytes_are_too_odd(content, rendering):
    result = thumbnail(png(1)[:20] + content, rendering)
    assert (result.png is None) == bool(result.note)


def test_objects_that_changed_or_went_or_are_huge_have_a_note():
    bucket = Bucket.in_memory()
    bucket.put("b/changed.png", png(1))
    pictures = thumbnails(
        Inbox(bucket),
        [
            version("b/changed.png", etag="older"),
            version("b/gone.png"),
            version("b/huge.png", size=LIMITS.max_bytes + 1),
        ],
        Rendering.ORIGINAL,
    )
    assert [t.note for t in pictures] == [
        "overwritten since",
        "deleted since",
        "too large to show here",
    ]
