"""One set of images through every door: the same digits, and the same probabilities."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import mlflow
import numpy as np
import onnx
import pytest

from infra.ports import free_ports
from mnist.digits import Images
from mnist.images import Decoded, Limits, decode, stages
from mnist.registry.publishing import onnx_options
from mnist.scoring.chunks import cut_chunks, score_chunk
from mnist.scoring.ood import add_ood_score
from mnist.storage.fetching import fetch_each
from mnist.tables import PROBABILITY_COLUMNS
from tests.factories import OneModel, digit_images, png, version
from tests.malformed import CASES
from tests.served import served
from tests.waiting import wait_until_up

TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> OneModel:
    """A champion with the out-of-distribution score that every trained one has."""
    made = OneModel(tmp_path_factory.mktemp("model"))
    made.digest = add_ood_score(made.path, digit_images(np.arange(200) % 10))
    return made


@pytest.fixture(scope="module")
def corpus() -> dict[str, bytes]:
    """Every odd file that has a digit, and plain ones."""
    odd = {case.name: case.make() for case in CASES if not case.reasons}
    return odd | {f"digit {digit}": png(digit) for digit in range(10)}


@pytest.fixture(scope="module")
def batch(registry: OneModel, corpus: dict[str, bytes]) -> dict[str, dict]:
    """What scoring a batch says: name -> row."""
    versions = [version(name, size=len(content)) for name, content in corpus.items()]
    (chunk,) = cut_chunks(versions, "b", registry.champion(), 10_000)
    scored = score_chunk(
        chunk,
        fetch=lambda wanted: fetch_each(wanted, lambda each: corpus[each.key]),
        predict=registry.predictor(registry.champion()).outputs,
        threads=2,
        limits=Limits(),
    )
    return {row["key"]: row for row in scored.rows.to_pylist()}


def test_the_api_says_what_a_batch_says(registry, corpus, batch):
    with served(registry) as client:
        for name, content in corpus.items():
            said = client.post("/predict", files={"file": ("file", content)}).json()
            row = batch[name]
            assert said["prediction"] == row["digit"], name
            expected = [row[column] for column in PROBABILITY_COLUMNS]
            np.testing.assert_allclose(said["probs"], expected, atol=TOLERANCE, err_msg=name)
            assert said["ood_score"] == pytest.approx(row["ood_score"], abs=1e-4), name
            assert said["warnings"] == row["warnings"], name
            assert said["review"] is not row["accepted"], name


def test_the_drawing_board_sees_what_a_batch_sees(corpus):
    for name, content in corpus.items():
        decoded, inspected = decode(content), stages(content).result
        assert isinstance(decoded, Decoded)
        assert isinstance(inspected, Decoded)
        np.testing.assert_array_equal(decoded.pixels, inspected.pixels, err_msg=name)
        assert decoded.warnings == inspected.warnings


@pytest.mark.slow
def test_mlflow_serves_what_a_batch_says(registry, corpus, batch, tmp_path):
    folder = tmp_path / "scoring-graph"
    graph = onnx.load(str(registry.path))
    mlflow.onnx.save_model(graph, str(folder), **onnx_options(graph))
    held = (folder / "model.onnx").read_bytes()
    assert hashlib.sha256(held).hexdigest() == registry.digest
    with _served_by_mlflow(folder) as url:
        images = np.stack([_pixels(each) for each in corpus.values()])
        asked = {"inputs": images.tolist()}
        answer = httpx.post(f"{url}/invocations", json=asked, timeout=60, trust_env=False)
    predictions = answer.raise_for_status().json()["predictions"]
    declared = onnx_options(graph)["signature"].outputs.input_names()
    assert sorted(predictions) == sorted(declared) == ["ood_score", "probabilities"]
    answers = predictions["probabilities"]
    for name, probabilities in zip(corpus, answers, strict=True):
        expected = [batch[name][column] for column in PROBABILITY_COLUMNS]
        np.testing.assert_allclose(probabilities, expected, atol=TOLERANCE, err_msg=name)


@contextmanager
def _served_by_mlflow(folder: Path) -> Iterator[str]:
    """Run `mlflow models serve` until the block ends; give its address."""
    (port,) = free_ports(1)
    programs = Path(sys.executable).parent
    command = [programs / "mlflow", "models", "serve", "--env-manager", "local", "--workers", "1"]
    where = ["--model-uri", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    environment = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    log = folder.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *where], env=environment, stdout=output, stderr=output, process_group=0
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_up(f"{url}/ping", process, log, seconds=120)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # it runs its server as a child
        process.wait(30)


def _pixels(content: bytes) -> Images:
    result = decode(content)
    assert isinstance(result, Decoded)
    return result.pixels
