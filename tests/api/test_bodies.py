"""Bodies that clients send besides files: answered, or refused with how to send them."""

import base64
import gzip
import io
import json
import pickle
import zlib
from collections.abc import Iterator

import httpx
import numpy as np
import pytest

from tests.factories import OneModel, digit_images, png
from tests.served import served

BASE64 = base64.b64encode(png(7)).decode()
URL_SAFE = BASE64.replace("+", "-").replace("/", "_")
DATA_URL = f"data:image/png;base64,{BASE64}"
(PIXELS,) = digit_images([7])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with served(OneModel(tmp_path_factory.mktemp("model"))) as opened:
        yield opened


def npy(array, **options) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param({"json": {"image": BASE64}}, id="base64"),
        pytest.param({"json": {"image": URL_SAFE}}, id="base64 for URLs"),
        pytest.param({"json": {"image": BASE64.rstrip("=")}}, id="base64 without its end"),
        pytest.param({"json": {"image": base64.encodebytes(png(7)).decode()}}, id="in lines"),
        pytest.param({"json": {"image": DATA_URL}}, id="a data URL"),
        pytest.param({"json": {"data": DATA_URL}}, id="another name"),
        pytest.param({"json": DATA_URL}, id="JSON that is a data URL"),
        pytest.param({"content": DATA_URL.encode()}, id="a data URL alone"),
        pytest.param({"json": {"image": PIXELS.tolist()}}, id="numbers"),
        pytest.param({"json": {"image": (PIXELS / 255).tolist()}}, id="numbers from 0 to 1"),
        pytest.param({"json": {"image": PIXELS.reshape(784).tolist()}}, id="784 numbers"),
        pytest.param({"data": {"image": DATA_URL}}, id="a form of a canvas"),
        pytest.param({"content": f"image={DATA_URL}", "headers": {
            "content-type": "application/x-www-form-urlencoded"}}, id="a form not escaped"),
        pytest.param({"content": json.dumps({"image": BASE64}), "headers": {
            "content-type": "application/x-www-form-urlencoded"}}, id="JSON as curl -d sends it"),
        pytest.param({"content": png(7), "headers": {
            "content-type": "application/x-www-form-urlencoded"}}, id="a file as curl sends it"),
        pytest.param({"files": {"image": (None, DATA_URL)}}, id="a multipart form of a canvas"),
        pytest.param({"content": npy(PIXELS)}, id=".npy"),
        pytest.param({"content": npy(np.asfortranarray(PIXELS))}, id=".npy of Fortran"),
        pytest.param({"content": npy(np.float32(PIXELS / 255)[..., None])}, id=".npy of 28x28x1"),
        pytest.param({"content": gzip.compress(png(7)), "headers": {
            "content-encoding": "gzip"}}, id="gzip"),
        pytest.param({"content": zlib.compress(png(7)), "headers": {
            "content-encoding": "deflate"}}, id="deflate"),
        pytest.param({"content": gzip.compress(json.dumps({"image": BASE64}).encode()), "headers": {
            "content-encoding": "gzip", "content-type": "application/json"}}, id="JSON in gzip"),
    ],
)  # fmt: skip
def test_one_image_gets_one_answer(shared, request_):
    answer = shared.post("/predict", **request_)
    assert answer.status_code == 200, answer.text
    assert answer.json()["prediction"] == 7


@pytest.mark.parametrize(
    ("request_", "digits"),
    [
        ({"json": {"instances": [PIXELS.tolist()]}}, [7]),
        ({"json": {"instances": [PIXELS[..., None].tolist()] * 2}}, [7, 7]),
        ({"json": {"instances": [PIXELS.reshape(784).tolist()]}}, [7]),
        ({"json": {"instances": [{"b64": BASE64}, {"image_bytes": {"b64": BASE64}}]}}, [7, 7]),
        ({"json": {"images": [DATA_URL, BASE64, "not an image at all"]}}, [7, 7, None]),
        ({"json": [DATA_URL]}, [7]),
        ({"content": npy(digit_images([1, 2, 3]))}, [1, 2, 3]),
        ({"content": npy(digit_images([1, 2]).reshape(2, 784))}, [1, 2]),
    ],
    ids=["28x28", "28x28x1", "784", "b64", "images", "a list", ".npy", ".npy of rows"],
)
def test_a_list_gets_a_list(shared, request_, digits):
    answer = shared.post("/predict", **request_)
    assert answer.status_code == 200, answer.text
    assert [one.get("prediction") for one in answer.json()["predictions"]] == digits


@pytest.mark.parametrize(
    "request_",
    [
        {"json": {}},
        {"json": {"picture": BASE64}},
        {"json": {"image": None}},
        {"json": {"image": 7}},
        {"json": {"image": "data:image/png,plain"}},
        {"json": {"instances": []}},
        {"json": {"instances": [[1, 2], [3]]}},
        {"json": {"image": [[-1] * 28] * 28}},
        {"json": {"image": [[256] * 28] * 28}},
        {"content": b'{"image": [[NaN]]}'},
        {"content": b"[" * 100_000},
        {"content": b'{"image": '},
        {"content": npy(np.array([{"a": 1}]), allow_pickle=True)},
        {"content": npy(PIXELS)[:-1]},
        {"content": npy(np.zeros((2, 2, 2, 2)))},
        {"content": npy(np.zeros((0, 28, 28), np.uint8))},
        {"content": npy(PIXELS).replace(b"(28, 28)", b"(9999999999, 28)")},
        {"content": b"\x93NUMPY"},
        {"content": png(7), "headers": {"content-encoding": "br"}},
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_told_how_to_be_sent(shared, request_):
    answer = shared.post("/predict", **request_)
    assert answer.status_code == 415, answer.text
    assert answer.json()["error"]["message"].lower().startswith("send the ")


def test_no_array_file_is_executed(shared):
    class Trap:
        def __reduce__(self):
            return (print, ("executed",))

    trap = npy(np.array([Trap()], dtype=object), allow_pickle=True)
    for content in (trap, pickle.dumps(Trap())):
        assert shared.post("/predict", content=content).status_code == 415


def test_what_unpacks_to_too_much_or_to_nothing_is_refused(tmp_path):
    with served(OneModel(tmp_path), api_max_request_bytes=100_000) as client:
        headers = {"content-encoding": "gzip"}
        bomb = gzip.compress(bytes(50_000_000))
        cut = gzip.compress(png(7))[:-9]
        for content, status, code in (
            (bomb, 413, "too-large"),
            (cut, 400, "bad-encoding"),
            (png(7), 400, "bad-encoding"),
        ):
            answer = client.post("/predict", content=content, headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_too_many_images_at_once_are_refused(tmp_path):
    with served(OneModel(tmp_path), api_max_files=3) as client:
        for request_ in (
            {"json": {"images": [BASE64] * 4}},
            {"content": npy(digit_images([1] * 4))},
        ):
            answer = client.post("/predict", **request_)
            assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too-large")
