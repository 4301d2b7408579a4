"""A decoder that crashes, hangs, lies or eats memory costs one image."""

import io
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from mnist.digits import Reason
from mnist.errors import Unavailable
from mnist.images import Decoded, Limits, Rejection, decode
from mnist.images.header import Format
from mnist.images.sandbox import Sandbox
from mnist.images.sandbox_protocol import (
    BrokenAnswer,
    Request,
    read_answer,
    read_request,
    write_answer,
    write_request,
)
from tests.pictures import pillow, png, saved

REQUEST = Request(saved(pillow(), "GIF"), Format.GIF, 1, Limits())


def _impostor(body: str) -> Sandbox:
    """Make a sandbox whose children start well and then run `body` for their first image."""
    start = "import os, sys; out = sys.stdout.buffer; out.write(b'R'); out.flush(); "
    return Sandbox([sys.executable, "-c", start + body])


def test_an_image_is_decoded_and_the_child_kept_for_the_next() -> None:
    children = Sandbox()
    first, second = children.decode(REQUEST), children.decode(REQUEST)
    assert isinstance(first, np.ndarray)
    assert first.shape == (160, 200)
    np.testing.assert_array_equal(first, second)
    assert len(children._idle) == 1
    children.close()


def test_a_crash_is_a_rejection_and_names_the_signal() -> None:
    result = _impostor("sys.stdin.buffer.read(9); os.abort()").decode(REQUEST)
    assert isinstance(result, Rejection)
    assert result.reason is Reason.CORRUPT
    assert "-6" in result.detail


def test_a_decoder_that_hangs_is_ended() -> None:
    result = _impostor("import signal; signal.pause()").decode(REQUEST, seconds=0.3)
    assert isinstance(result, Rejection)
    assert result.detail == "Decoding took longer than 0.3 s."


def test_a_decoder_that_cannot_start_is_no_fault_of_the_image() -> None:
    with pytest.raises(Unavailable, match="did not start"):
        Sandbox([sys.executable, "-c", "raise SystemExit(3)"]).decode(REQUEST)
    with pytest.raises(Unavailable, match="No image decoder process"):
        Sandbox(["/no/such/program"]).decode(REQUEST)


def test_the_decoder_sees_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    program = "import struct; text = ('corrupt\\n' + ' '.join(os.environ)).encode(); "
    program += "out.write(struct.pack('>II', 0, len(text)) + text); out.flush(); sys.stdin.read()"
    children = _impostor(program)
    result = children.decode(REQUEST)
    children.close()
    assert isinstance(result, Rejection)
    assert "PYTHONPATH" in result.detail
    assert "AWS" not in result.detail


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0\0\0",
        b"\0\0\0\x09\0\0\0\x09" + bytes(80),
        b"\0\x01\0\0\0\x01\0\0" + bytes(10),
        b"\0\0\0\x09\0\0\0\0",
        b"\0\0\0\0\0\0\0\x07no\nway.",
        b"\0\0\0\0\xff\xff\xff\xff" + bytes(2000),
    ],
    ids=["nothing", "half a head", "short", "huge", "empty", "unknown reason", "endless"],
)
def test_an_answer_that_is_none_is_not_believed(answer: bytes) -> None:
    with pytest.raises(BrokenAnswer):
        read_answer(io.BytesIO(answer))


def test_requests_and_answers_survive_the_pipe() -> None:
    pipe = io.BytesIO()
    write_request(pipe, REQUEST)
    pipe.seek(0)
    assert read_request(pipe) == REQUEST
    assert read_request(pipe) is None
    picture = np.arange(12, dtype=np.uint8).reshape(3, 4)
    for answer in (picture, Rejection(Reason.TRUNCATED, "Cut.")):
        pipe = io.BytesIO()
        write_answer(pipe, answer)
        pipe.seek(0)
        np.testing.assert_array_equal(read_answer(pipe), answer)


def test_too_much_memory_is_a_rejection() -> None:
    sheet = saved(Image.new("F", (7000, 7000), 0.5), "TIFF", compression="tiff_deflate")
    result = decode(sheet)
    assert isinstance(result, Rejection)
    assert result.reason is Reason.TOO_LARGE
    assert "memory" in result.detail


def test_a_bomb_takes_no_memory_of_the_worker() -> None:
    program = """
import resource
from mnist.images import decode
from tests.rejected_files import bomb
content = bomb()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(decode(content).reason, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    reason, grown_kilobytes = ran.stdout.split()
    assert reason == "too-large"
    assert int(grown_kilobytes) < 5_000


def test_threads_share_one_sandbox() -> None:
    contents = [saved(pillow("RGB"), name) for name in ("GIF", "WEBP", "TIFF", "PNG")] * 6
    expected = [decode(content) for content in contents]
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(decode, contents))
    for result, alone in zip(results, expected, strict=True):
        assert isinstance(result, Decoded)
        assert isinstance(alone, Decoded)
        np.testing.assert_array_equal(result.pixels, alone.pixels)


def test_core_dumps_and_file_writes_are_not_forbidden_here() -> None:
    """The limits of a child must not leak into the worker."""
    decode(saved(pillow(), "GIF"))
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 0
    assert isinstance(decode(png()), Decoded)
