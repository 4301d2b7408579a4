"""Images are captured with consent only, beside the answers and never in their way."""

import hashlib
import threading
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from structlog.testing import capture_logs

from api import capture
from mnist.captured import CapturedFolder, is_identifier, time_of
from mnist.scoring.graphs import Predictor
from mnist.storage.bucket import Bucket
from tests.factories import png
from tests.served import served
from tests.sheets import layout, png_of, sheet
from tests.waiting import eventually

YES = {"X-Capture-Consent": "yes"}
GRID = layout(grid=[2, 3]).decode()
CELLS = [[1, None, 3], [4, 5, 6]]


def keys(bucket: Bucket) -> list[str]:
    return sorted(version.key for page in bucket.versions() for version in page)


class SlowBucket(Bucket):
    """A bucket in memory that takes nothing until it is let go."""

    def __init__(self) -> None:
        slow = Bucket.in_memory("inbox")
        super().__init__(slow.name, slow._data, None)
        self.entered, self.go = threading.Event(), threading.Event()

    def upload(self, *args) -> None:
        self.entered.set()
        assert self.go.wait(60)
        super().upload(*args)


def test_every_answer_has_an_identifier_of_its_own_and_the_version(registry):
    files = [("file", (name, content)) for name, content in (("a", png(1)), ("b", b"text"))]
    with served(registry) as client:
        one = client.post("/predict", content=png(7)).json()
        several = client.post("/predict", files=files).json()["predictions"]
        cut = client.post(
            "/predict", files={"file": png_of(sheet(CELLS))}, data={"layout": GRID}
        ).json()
        refused = client.post("/predict", content=b"text").json()["error"]
    answers = [one, *several, cut, refused]
    assert all(uuid.UUID(answer["id"]).version == 7 for answer in answers)
    assert len({answer["id"] for answer in answers}) == 5
    assert abs(time_of(one["id"]) - datetime.now(UTC)) < timedelta(minutes=5)
    assert {answer["model_version"] for answer in (one, cut, refused)} == {"1"}


def test_the_log_names_identifiers_and_version(registry):
    with capture_logs() as lines, served(registry) as client:
        answer = client.post("/predict", content=png(7)).json()
    (line,) = (line for line in lines if line["event"] == "api.asked")
    assert line["ids"] == (answer["id"],)
    assert line["model_version"] == "1"


@pytest.mark.parametrize(
    ("switch", "headers", "field", "is_kept"),
    [
        ("off", YES, "yes", False),
        ("consent", {}, None, False),
        ("consent", YES, None, True),
        ("consent", {"X-Capture-Consent": "true"}, None, True),
        ("consent", {}, "yes", True),
        ("consent", {}, "", False),
        ("consent", YES, "no", False),
        ("consent", {"X-Capture-Consent": "no"}, "yes", False),
        ("contract", {}, None, True),
        ("contract", {"X-Capture-Consent": "no"}, None, False),
        ("contract", {}, "perhaps", False),
    ],
)
def test_without_switch_and_consent_nothing_is_kept(registry, switch, headers, field, is_kept):
    inbox = Bucket.in_memory("inbox")
    data = None if field is None else {"capture_consent": field}
    with served(registry, inbox=inbox, api_capture=switch) as client:
        answer = client.post("/predict", files={"file": png(7)}, data=data, headers=headers).json()
    assert answer["prediction"] == 7
    assert answer["captured"] is is_kept
    assert len(keys(inbox)) == is_kept


def test_nothing_of_an_image_without_consent_is_logged(registry):
    digest = hashlib.sha256(png(7)).hexdigest()
    with capture_logs() as lines, served(registry, api_capture="consent") as client:
        client.post("/predict", files={"file": ("my-name.png", png(7))})
        metrics = client.get("/metrics").text
    assert "mnist_api_captures_total{" not in metrics
    assert digest[:16] not in str(lines)
    assert "my-name" not in str(lines)


def test_a_captured_image_lies_in_the_store_with_its_answer(registry, inbox_bucket):
    with served(registry, inbox=inbox_bucket, api_capture="consent") as client:
        answer = client.post("/predict", files={"file": ("x.png", png(7))}, headers=YES).json()
        kept = 'mnist_api_captures_total{outcome="kept"} 1.0'
        eventually(lambda: kept in client.get("/metrics").text, "nothing is counted as kept")
    (key,) = keys(inbox_bucket)
    folder, _, name = key.partition("/")
    assert name == f"{answer['id']}.png"
    assert (
        CapturedFolder.of(folder).begins <= time_of(answer["id"]) < CapturedFolder.of(folder).ends
    )
    assert CapturedFolder.of(folder).source == "api-default-"
    stored = inbox_bucket.fetch_object(key)
    assert stored.content == png(7)
    assert stored.metadata["api-id"] == answer["id"]
    assert stored.metadata["api-prediction"] == "7"
    assert float(stored.metadata["api-confidence"]) == pytest.approx(answer["confidence"], abs=1e-6)
    assert stored.metadata["api-accepted"] == ("false" if answer["review"] else "true")
    assert stored.metadata["api-model-version"] == "1"
    assert stored.metadata["api-model-digest"] == registry.digest


def test_of_several_files_those_with_a_digit_are_kept(registry):
    inbox = Bucket.in_memory("inbox")
    files = [("file", (name, body)) for name, body in (("a", png(1)), ("b", b"x"), ("c", png(3)))]
    with served(registry, inbox=inbox, api_capture="consent") as client:
        answers = client.post("/predict", files=files, headers=YES).json()["predictions"]
    kept = [answers[0]["id"], answers[2]["id"]]
    assert [key.rpartition("/")[2].removesuffix(".png") for key in keys(inbox)] == sorted(kept)
    assert "captured" not in answers[1]


def test_a_client_has_folders_of_its_own_and_must_be_known(registry):
    inbox = Bucket.in_memory("inbox")
    settings = {"api_capture": "consent", "api_clients": "scanner,phone"}
    with served(registry, inbox=inbox, **settings) as client:
        client.post("/predict", content=png(1), headers=YES | {"X-Client": "phone"})
        unknown = client.post("/predict", content=png(1), headers=YES | {"X-Client": "x-y/../z"})
    assert unknown.status_code == 400
    assert unknown.json()["error"]["code"] == "unknown-client"
    (key,) = keys(inbox)
    assert key.startswith("api-phone-")


def test_pictures_of_a_layout_lie_beside_it_and_apart_from_others(registry):
    inbox = Bucket.in_memory("inbox")
    picture = png_of(sheet(CELLS))
    with served(registry, inbox=inbox, api_capture="consent") as client:
        for text in (GRID, GRID, layout(grid=[1, 2]).decode()):
            client.post("/predict", files={"file": picture}, data={"layout": text}, headers=YES)
        client.post("/predict", content=png(1), headers=YES)
    folders = {key.partition("/")[0] for key in keys(inbox)}
    layouts = [key for key in keys(inbox) if key.endswith("/_LAYOUT.json")]
    assert (len(folders), len(layouts), len(keys(inbox))) == (3, 2, 6)
    assert {CapturedFolder.of(folder).source for folder in folders} == {"api-default-"}
    assert {inbox.fetch(key).decode() for key in layouts} == {GRID, layout(grid=[1, 2]).decode()}


def test_a_full_queue_loses_the_image_and_not_the_answer(registry):
    inbox = SlowBucket()
    size = len(png(1))
    settings = {"api_capture": "consent", "api_capture_queue_bytes": size + size // 2}
    with capture_logs() as lines, served(registry, inbox=inbox, **settings) as client:
        first = client.post("/predict", content=png(1), headers=YES).json()
        assert inbox.entered.wait(60)
        later = [client.post("/predict", content=png(1), headers=YES).json() for _ in range(3)]
        metrics = client.get("/metrics").text
        inbox.go.set()
    assert first["captured"]
    assert [(each["prediction"], each["captured"]) for each in later] == [(1, False)] * 3
    assert 'mnist_api_captures_total{outcome="no-room"} 3.0' in metrics
    assert [line["outcome"] for line in lines if line["event"] == "api.capture-lost"] == ["no-room"]
    assert [key.rpartition("/")[2] for key in keys(inbox)] == [f"{first['id']}.png"]


def test_a_store_that_is_away_loses_images_and_no_answer(registry, settings):
    away = settings.model_copy(update={"s3_endpoint_url": "http://127.0.0.1:1"})
    inbox = Bucket.on_s3(away, "inbox")
    with capture_logs() as lines, served(registry, inbox=inbox, api_capture="consent") as client:
        for _ in range(2):
            assert client.post("/predict", content=png(1), headers=YES).json()["prediction"] == 1
        lost = 'mnist_api_captures_total{outcome="store-refused"} 2.0'
        eventually(lambda: lost in client.get("/metrics").text, "nothing is counted as lost")
    (line,) = (line for line in lines if line["event"] == "api.capture-lost")
    assert line["outcome"] == "store-refused"
    assert "inbox" in line["why"]


def test_when_the_process_ends_the_queue_is_emptied(registry):
    inbox = SlowBucket()
    with served(registry, inbox=inbox, api_capture="consent") as client:
        for digit in range(10):
            client.post("/predict", content=png(digit), headers=YES)
        threading.Timer(0.2, inbox.go.set).start()
    assert len(keys(inbox)) == 10


def test_a_store_that_hangs_holds_the_end_of_the_process_up_for_the_stated_time_only(
    registry, monkeypatch
):
    monkeypatch.setattr(capture, "SECONDS_TO_EMPTY", 0.1)
    inbox = SlowBucket()
    with capture_logs() as lines, served(registry, inbox=inbox, api_capture="consent") as client:
        for digit in range(3):
            client.post("/predict", content=png(digit), headers=YES)
        assert inbox.entered.wait(60)
    inbox.go.set()
    (line,) = (line for line in lines if line["event"] == "api.capture-lost")
    assert line["outcome"] == "stopped"
    assert "2 images" in line["why"]


def test_identifiers_are_in_the_order_of_time_and_look_like_nothing_else(registry):
    with served(registry) as client:
        made = [client.post("/predict", content=png(1)).json()["id"] for _ in range(3)]
    assert all(map(is_identifier, made))
    assert not is_identifier("../secret")
    assert not is_identifier(str(uuid.uuid4()))


def test_the_layout_lies_there_before_the_first_picture_that_it_cuts(registry):
    class Ordered(Bucket):
        order: ClassVar[list[str]] = []

        def put(self, key, content):
            self.order.append(key.rpartition("/")[2])
            super().put(key, content)

        def upload(self, key, *args):
            self.order.append("picture")
            super().upload(key, *args)

    inbox = Ordered("inbox", Bucket.in_memory()._data, None)
    form = Path("examples/form")
    files = {
        "file": (form / "filled-1.jpg").read_bytes(),
        "template": (form / "_TEMPLATE.png").read_bytes(),
        "layout": (form / "_LAYOUT.json").read_bytes(),
    }
    with served(registry, inbox=inbox, api_capture="consent") as client:
        for _ in range(2):
            assert client.post("/predict", files=files, headers=YES).json()["captured"]
    assert inbox.order == ["_LAYOUT.json", "_TEMPLATE.png", "picture", "picture"]


def test_what_was_not_answered_in_time_is_not_kept(registry, monkeypatch):
    go = threading.Event()

    class Slow(Predictor):
        def outputs(self, images):
            assert not images.any() or go.wait(60)
            return super().outputs(images)

    slow = Slow(registry.path, registry.digest)
    monkeypatch.setattr(registry, "predictor", lambda _: slow)
    inbox = Bucket.in_memory("inbox")
    settings = {"api_capture": "consent", "api_timeout_seconds": 0.05}
    with served(registry, inbox=inbox, **settings) as client:
        assert client.post("/predict", content=png(1), headers=YES).status_code == 503
        go.set()
    assert keys(inbox) == []
