"""No page breaks the cutting: every place gets an outcome or candidates."""

import json

import cv2
import numpy as np
import pytest

from mnist.layouts import Layout, cut

LAYOUTS = [
    {"grid": [3, 4]},
    {"grid": [1, 7], "digits": 2},
    {"digits": 3},
    {"digits": "auto", "symbols": ".,- "},
    {"fields": {"a": {"box": [0, 0, 0.01, 0.01], "digits": 8}, "b": {"box": [0.2, 0.1, 1, 1]}}},
]


def pages():
    random = np.random.default_rng(5)
    for height, width in ((1, 1), (1, 90), (90, 1), (7, 300), (40, 40), (33, 200), (260, 31)):
        yield random.integers(0, 256, (height, width), dtype=np.uint8)
        yield np.full((height, width), 255, np.uint8)
        lines = np.full((height, width), 240, np.uint8)
        lines[:: max(2, height // 4)] = 20
        lines[:, :: max(2, width // 9)] = 20
        yield lines
    for _ in range(6):
        blobs = np.full((120, 260), 230, np.uint8)
        for _ in range(12):
            start, end = random.integers(0, (260, 120), (2, 2)).tolist()
            cv2.line(blobs, start, end, int(random.integers(0, 120)), int(random.integers(1, 9)))
        yield blobs


@pytest.mark.parametrize("said", LAYOUTS, ids=json.dumps)
def test_every_page_is_cut_into_all_places(said, predict) -> None:
    layout = Layout.parse(json.dumps(said).encode())
    for plane in pages():
        cuts = cut(plane, layout)
        assert [each.place for each in cuts] == layout.places()
        for each, prediction in zip(cuts, predict(cuts), strict=True):
            left, top, right, bottom = each.box
            assert 0 <= left < right <= plane.shape[1]
            assert 0 <= top < bottom <= plane.shape[0]
            assert (each.outcome is None) == (len(each.candidates) > 0)
            assert len(each.candidates) == len(each.segments)
            assert 0 <= prediction.value_confidence <= 1
