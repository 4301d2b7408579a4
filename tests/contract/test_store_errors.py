"""Every way in which a store can refuse, through both clients, and what we make of it.

The answers come from a server on loopback that says what a test wants. Keys are hostile: the text
of an error holds them, and must decide nothing.
"""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mnist.errors import (
    AccessDenied,
    InvalidSettings,
    ObjectChanged,
    ObjectGone,
    Unavailable,
    Unsupported,
)
from mnist.settings import Settings
from mnist.storage import clients
from mnist.storage.bucket import Bucket
from mnist.storage.conditions import find_problem
from mnist.storage.refused_keys import RefusedKeys

KEYS = [
    "forms/1.png",
    "AccessDenied-forms/1.png",
    "NoSuchBucket/1.png",
    "<Code>AccessDenied</Code> 403 (403) 501 NotImplemented.png",
    "Error performing GET x in 1s - Server returned non-2xx status code: 403 Forbidden: .png",
]

ANSWERS = {
    (400, "InvalidRequest"): Unavailable,
    (400, "ExpiredToken"): AccessDenied,
    (400, "InvalidToken"): AccessDenied,
    (401, "Unauthorized"): AccessDenied,
    (403, "AccessDenied"): AccessDenied,
    (403, "InvalidAccessKeyId"): AccessDenied,
    (403, "SignatureDoesNotMatch"): AccessDenied,
    (403, ""): AccessDenied,
    (404, "NoSuchBucket"): InvalidSettings,
    (500, "InternalError"): Unavailable,
    (500, ""): Unavailable,
    (501, "NotImplemented"): Unsupported,
    (503, "SlowDown"): Unavailable,
}

OF_OBJECTS = ANSWERS | {
    (404, "NoSuchKey"): ObjectGone,
    (404, ""): ObjectGone,
    (412, "PreconditionFailed"): ObjectChanged,
}


@pytest.fixture(scope="module")
def server():
    """A store whose every answer is `server.answer`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, code = running.answer
            body = f"<?xml version='1.0'?>\n<Error><Code>{code}</Code></Error>" if code else ""
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body.encode())

        def do_PUT(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture
def impatient(server, monkeypatch):
    """Settings for it, and clients that do not try again."""
    monkeypatch.setattr(clients, "MAX_RETRIES", 0)
    return Settings(
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{server.server_port}",
        AWS_ACCESS_KEY_ID="key",
        AWS_SECRET_ACCESS_KEY="secret",
        MLFLOW_TRACKING_URI="http://127.0.0.1:1",
    )


@pytest.fixture
def bucket(impatient):
    return Bucket.on_s3(impatient, "inbox")


@pytest.fixture
def refused_keys(impatient):
    return RefusedKeys(clients.control_client(impatient), "inbox")


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("answer", OF_OBJECTS, ids=str)
def test_fetching_by_obstore(server, bucket, answer, key):
    server.answer = answer
    for fetch in (bucket.fetch, lambda key: bucket.fetch_once(key, "etag")):
        with pytest.raises(OF_OBJECTS[answer]) as caught:
            fetch(key)
        assert type(caught.value) is OF_OBJECTS[answer]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("answer", OF_OBJECTS, ids=str)
def test_fetching_by_boto3(server, refused_keys, answer, key):
    server.answer = answer
    with pytest.raises(OF_OBJECTS[answer]) as caught:
        refused_keys.fetch(key, "etag")
    assert type(caught.value) is OF_OBJECTS[answer]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("answer", ANSWERS, ids=str)
def test_writing(server, bucket, answer, key):
    server.answer = answer
    for write in (bucket.create, bucket.put):
        with pytest.raises(ANSWERS[answer]) as caught:
            write(key, b"x")
        assert type(caught.value) is ANSWERS[answer]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("answer", ANSWERS, ids=str)
def test_listing(server, bucket, refused_keys, answer, key):
    server.answer = answer
    for pages in (bucket.versions(key + "/"), refused_keys.versions(key + "/", after="")):
        with pytest.raises(ANSWERS[answer]) as caught:
            list(pages)
        assert type(caught.value) is ANSWERS[answer]
    with pytest.raises(ANSWERS[answer]):
        bucket.folders()


def test_what_is_not_there_is_an_answer_and_a_bucket_that_is_not_there_is_none(server, bucket):
    server.answer = (404, "NoSuchKey")
    assert bucket.fetch_with_etag("AccessDenied") is None
    assert not bucket.exists("AccessDenied")
    assert bucket.replace("AccessDenied", b"x", "etag") is None
    server.answer = (404, "NoSuchBucket")
    with pytest.raises(InvalidSettings, match="does not exist"):
        bucket.fetch_with_etag("1.png")


def test_a_race_that_was_lost_is_an_answer(server, bucket):
    server.answer = (412, "PreconditionFailed")
    assert bucket.create("NoSuchBucket/1.png", b"x") is None
    assert bucket.replace("NoSuchBucket/1.png", b"x", "etag") is None


def test_a_store_without_conditional_writes_is_told_by_its_status(server, bucket):
    server.answer = (501, "NotImplemented")
    assert find_problem(bucket) == "does not know conditional writes"


def test_nobody_there_is_unavailable_whatever_the_key_is_called(impatient):
    nobody = impatient.model_copy(update={"s3_endpoint_url": "http://127.0.0.1:1"})
    for key in KEYS:
        with pytest.raises(Unavailable):
            Bucket.on_s3(nobody, "inbox").fetch_once(key, "etag")
