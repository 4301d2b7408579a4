"""What clients of the online API get, for good images and for everything else."""

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pytest

from mnist.acceptance.sources import Basis, SourceThreshold
from mnist.errors import NoChampion, Unavailable
from mnist.scoring.graphs import Predictor
from mnist.scoring.ood import add_ood_score
from mnist.storage.acceptance import AcceptanceEntry
from tests.cases import Case
from tests.factories import OneModel, digit_images, empty_acceptance_log, png
from tests.malformed import CASES
from tests.pictures import zip_of_png
from tests.served import served


@pytest.fixture
def registry(tmp_path: Path) -> OneModel:
    return OneModel(tmp_path)


@pytest.fixture
def client(registry: OneModel) -> Iterator[httpx.Client]:
    with served(registry) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """One server for tests that leave it as they found it."""
    registry = OneModel(tmp_path_factory.mktemp("model"))
    with served(registry) as opened:
        yield opened


def test_a_file_gets_the_names_that_clients_expect(shared):
    answer = shared.post("/predict", files={"file": ("seven.png", png(7), "image/png")})
    assert answer.status_code == 200
    said = answer.json()
    assert said["prediction"] == 7
    assert said["confidence"] == max(said["probs"])
    assert len(said["probs"]) == 10
    assert sum(said["probs"]) == pytest.approx(1)
    assert said["file"] == "seven.png"
    assert (said["model_name"], said["model_version"]) == ("digits", "1")
    assert said["outcome"] == "scored"


def test_the_body_may_be_the_file_itself(shared):
    form = shared.post("/predict", files={"file": png(3)}).json()
    raw = shared.post("/predict", content=png(3)).json()
    typed = shared.post("/predict", content=png(3), headers={"content-type": "image/png"}).json()
    assert raw["probs"] == typed["probs"] == form["probs"]
    assert raw["prediction"] == 3


def test_several_files_are_answered_in_order_and_a_bad_one_spoils_nothing(shared):
    files = [("file", (f"{i}", content)) for i, content in enumerate((png(1), b"text", png(2)))]
    said = shared.post("/predict", files=files).json()
    assert [each["file"] for each in said["predictions"]] == ["0", "1", "2"]
    assert [each.get("prediction") for each in said["predictions"]] == [1, None, 2]
    assert said["predictions"][1]["reason"] == "not-an-image"
    assert said["model_version"] == "1"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_odd_file_gets_an_answer_or_a_clear_error(case: Case, shared):
    answer = shared.post("/predict", files={"file": ("file", case.make())})
    if case.reasons:
        assert 400 <= answer.status_code < 500
        assert answer.json()["error"]["code"] in case.reasons
        assert answer.json()["error"]["detail"]
    else:
        assert answer.status_code == 200
        assert len(answer.json()["probs"]) == 10


@pytest.mark.parametrize(
    ("method", "path", "request_", "status", "code"),
    [
        ("GET", "/nothing-here", {}, 404, "not-found"),
        ("GET", "/predict", {}, 405, "method-not-allowed"),
        ("POST", "/predict", {}, 422, "empty"),
        ("POST", "/predict", {"files": {"file": b""}}, 422, "empty"),
        ("POST", "/predict", {"json": {"image": "data:"}}, 415, "not-an-image"),
        ("POST", "/predict", {"content": zip_of_png()}, 415, "unsupported-format"),
        ("POST", "/predict", {"files": {"file": (None, "text")}}, 422, "no-file"),
        (
            "POST",
            "/predict",
            {"content": b"--x\r\n", "headers": {"content-type": "multipart/form-data"}},
            400,
            "bad-form",
        ),
        (
            "POST",
            "/predict",
            {"content": b"??", "headers": {"content-type": "multipart/form-data; boundary=x"}},
            400,
            "bad-form",
        ),
    ],
)
def test_every_error_has_one_shape(shared, method, path, request_, status, code):
    answer = shared.request(method, path, **request_)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["message"].endswith((".", "`."))


def test_a_request_is_measured_before_and_while_it_arrives(registry):
    with served(registry, api_max_request_bytes=2_000) as client:
        declared = client.post("/predict", content=bytes(2_001))
        unannounced = client.post("/predict", content=iter([bytes(1_500), bytes(1_500)]))
        within = client.post("/predict", content=iter([png(5)]))
    for answer in (declared, unannounced):
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "too-large"
    assert within.json()["prediction"] == 5


def test_there_may_be_so_many_files_and_no_more(registry):
    with served(registry, api_max_files=2) as client:
        two = client.post("/predict", files=[("file", png(1))] * 2)
        three = client.post("/predict", files=[("file", png(1))] * 3)
    assert len(two.json()["predictions"]) == 2
    assert three.status_code == 400


def test_images_have_the_limits_of_batches(registry):
    with served(registry, max_image_pixels=784, max_image_bytes=400) as one:
        assert one.post("/predict", content=png(1)).status_code == 200
        assert one.post("/predict", content=bytes(401)).json()["error"]["code"] == "too-large"


def test_with_a_key_only_its_owner_gets_predictions(registry):
    with served(registry, api_key="a-secret") as client:
        for headers in ({}, {"X-API-Key": "wrong"}, {"Authorization": "Bearer a-secre"}):
            answer = client.post("/predict", content=png(1), headers=headers)
            assert answer.status_code == 401
            assert answer.json()["error"]["code"] == "unauthorized"
        for headers in ({"X-API-Key": "a-secret"}, {"Authorization": "Bearer a-secret"}):
            assert client.post("/predict", content=png(1), headers=headers).status_code == 200
        assert client.get("/health").status_code == 200


def test_it_follows_the_champion_without_a_restart(client, registry):
    assert client.get("/health").json()["model_version"] == "1"
    registry.version = "2"
    _until(lambda: client.get("/health").json()["model_version"] == "2")
    assert client.post("/predict", content=png(1)).json()["model_version"] == "2"


def test_without_a_registry_the_loaded_version_goes_on_answering(client, registry, monkeypatch):
    monkeypatch.setattr(registry, "champion", _raises(Unavailable("MLflow did not answer.")))
    _until(lambda: client.get("/health").json()["problem"] == "MLflow did not answer.")
    assert client.get("/health").json()["model_loaded"] is True
    assert client.post("/predict", content=png(4)).json()["prediction"] == 4


def test_before_the_first_champion_it_says_so(registry, monkeypatch):
    monkeypatch.setattr(registry, "champion", _raises(NoChampion("Nothing promoted.")))
    with served(registry) as client:
        assert client.get("/health").json()["model_loaded"] is False
        assert client.get("/ready").status_code == 503
        answer = client.post("/predict", content=png(1))
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "no-champion"
        assert answer.headers["retry-after"]
        monkeypatch.undo()
        _until(lambda: client.get("/ready").status_code == 200)
        assert client.get("/health").json()["status"] == "ok"


def test_what_is_unlike_a_digit_is_said(registry, monkeypatch):
    monkeypatch.setattr(registry, "champion", lambda: replace(pinned, ood_threshold=-1e9))
    pinned = OneModel(registry.path.parent).champion()
    add_ood_score(registry.path, digit_images(np.arange(100) % 10))
    pinned = replace(pinned, digest=hashlib.sha256(registry.path.read_bytes()).hexdigest())
    with served(registry) as client:
        said = client.post("/predict", content=png(1)).json()
    assert said["warnings"] == ["unlike-a-digit"]
    assert said["review"] is True
    assert isinstance(said["ood_score"], float)


def test_what_is_not_one_digit_is_said_to_be_none(registry, monkeypatch):
    monkeypatch.setattr(registry, "champion", lambda: replace(pinned, no_digit_threshold=-1e9))
    pinned = OneModel(registry.path.parent).champion()
    add_ood_score(registry.path, digit_images(np.arange(100) % 10))
    pinned = replace(pinned, digest=hashlib.sha256(registry.path.read_bytes()).hexdigest())
    with served(registry) as client:
        said = client.post("/predict", content=png(1)).json()
        metrics = client.get("/metrics").text
    assert (said["outcome"], said["prediction"], said["review"]) == ("not-a-digit", 1, True)
    assert 'mnist_api_images_total{outcome="not-a-digit",reason=""} 1.0' in metrics


class _Slow(Predictor):
    """A graph that waits to be let go, once it is served."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.entered, self.go = threading.Event(), threading.Event()

    def outputs(self, images):
        if images.any():  # the call that warms it up shows it nothing
            self.entered.set()
            assert self.go.wait(30)
        return super().outputs(images)


def test_more_requests_than_agreed_are_put_off(registry, monkeypatch):
    slow = _Slow(registry.path, registry.digest)
    monkeypatch.setattr(registry, "predictor", lambda _: slow)
    with (
        served(registry, api_max_concurrency=1) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        first = pool.submit(client.post, "/predict", content=png(1))
        assert slow.entered.wait(30)
        second = client.post("/predict", content=png(1))
        assert (second.status_code, second.json()["error"]["code"]) == (503, "busy")
        slow.go.set()
        assert first.result().status_code == 200
        assert client.post("/predict", content=png(1)).status_code == 200


def test_an_image_that_takes_too_long_is_given_up(registry, monkeypatch):
    slow = _Slow(registry.path, registry.digest)
    monkeypatch.setattr(registry, "predictor", lambda _: slow)
    with served(registry, api_timeout_seconds=0.05) as client:
        answer = client.post("/predict", content=png(1))
        slow.go.set()
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "timeout")


def test_a_fault_of_ours_has_the_shape_too_and_no_secrets(registry, monkeypatch):
    class Broken(Predictor):
        def outputs(self, images):
            if images.any():
                raise ZeroDivisionError("secret")
            return super().outputs(images)

    broken = Broken(registry.path, registry.digest)
    monkeypatch.setattr(registry, "predictor", lambda _: broken)
    with served(registry) as client:
        answer = client.post("/predict", content=png(1))
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal"
    assert "secret" not in answer.text


def test_numbers_for_prometheus_count_what_happened(client):
    client.post("/predict", content=png(7))
    client.post("/predict", content=b"text")
    numbers = client.get("/metrics").text
    assert 'mnist_api_requests_total{status="200"} 1.0' in numbers
    assert 'mnist_api_requests_total{status="415"} 1.0' in numbers
    assert 'mnist_api_images_total{outcome="rejected",reason="not-an-image"} 1.0' in numbers
    assert 'mnist_api_predictions_total{digit="7"} 1.0' in numbers
    assert "mnist_api_requests_in_progress 0.0" in numbers


def audited(registry, threshold):
    """Make a log whose one entry is about the registry's version."""
    log = empty_acceptance_log()
    chosen = SourceThreshold(
        source="", threshold=threshold, basis=Basis.RAISED, labels=300, accepted=270, wrong=2,
        bound=0.0231,
    )  # fmt: skip
    entry = AcceptanceEntry(
        sequence=1, at=datetime.now(UTC), who="run", model="digits", version="1",
        digest=registry.digest, max_error_rate=0.002, assurance=0.95, thresholds=[chosen],
        reasons=[],
    )  # fmt: skip
    log.append(entry)
    return log


def test_audits_decide_what_is_accepted_and_stand_in_the_metrics(registry):
    with served(registry, audited(registry, 2.0)) as client:
        assert client.post("/predict", content=png(7)).json()["review"]
        numbers = client.get("/metrics").text
    assert 'mnist_acceptance_threshold{source=""} 2.0' in numbers
    assert 'mnist_acceptance_wrong{source=""} 2.0' in numbers
    assert 'mnist_acceptance_bound{source=""} 0.0231' in numbers
    with served(registry, audited(registry, 0.1)) as client:
        assert not client.post("/predict", content=png(7)).json()["review"]


def test_pages_for_people_ask_no_other_host(shared):
    page = shared.get("/")
    assert 'type="file"' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for text in (page.text, shared.get("/docs").text):
        assert "https://" not in text


def _raises(error: Exception):
    def raising(*_: object):
        raise error

    return raising


def _until(condition) -> None:
    """Wait for the loop that looks at the alias; the test's time limit is the only one."""
    while not condition():
        threading.Event().wait(0.01)
