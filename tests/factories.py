"""Small real things for tests: digits as images and as files, a graph that reads them, rows."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pyarrow as pa
from onnx import TensorProto, helper, numpy_helper

from mnist.digits import Images, Labels, Outputs
from mnist.errors import InvalidInput
from mnist.images.strokes import place
from mnist.keys import ObjectVersion, identity
from mnist.provenance import Origin
from mnist.scoring.graphs import Predictor
from mnist.scoring.predictions import PinnedModel
from mnist.services import Services
from mnist.settings import Settings
from mnist.storage.acceptance import AcceptanceLog
from mnist.storage.bucket import Bucket
from mnist.storage.signing import Signing
from mnist.tables import ROWS

MODEL = PinnedModel(name="digits", version="7", digest="d" * 64, accept_confidence=0.5)


def digit_images(labels: Labels) -> Images:
    """Draw each label into an image of its own, (n, 28, 28), as MNIST's: light on dark, placed."""
    images = np.zeros((len(labels), 28, 28), np.uint8)
    for row, label in enumerate(labels):
        drawn = np.zeros((28, 28), np.uint8)
        cv2.putText(drawn, str(label), (6, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2)
        left, top, width, height = cv2.boundingRect(drawn)
        images[row] = place(drawn[top : top + height, left : left + width])
    return images


def png(digit: int, mark: int = 0) -> bytes:
    """Encode a drawn digit as PNG; another mark, 0-255, gives other bytes of the same digit."""
    image = digit_images(np.array([digit]))[0]
    image[0, :2] = divmod(mark, 16)  # darker than ink
    return cv2.imencode(".png", image)[1].tobytes()


def template_graph(path: Path, drawn: Sequence[int] = range(10)) -> str:
    """Write a graph that reads the digits of `digit_images`, and return its SHA-256.

    It compares an image with ten templates: a real network without a training. Digit i is said of
    what looks like `drawn[i]`, so other templates make other mistakes.
    """
    templates = digit_images(np.array(drawn)).reshape(10, -1).astype(np.float32) / 255
    templates -= templates.mean(axis=1, keepdims=True)
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    weights = numpy_helper.from_array((templates.T / 8).astype(np.float32), "weights")
    shape = numpy_helper.from_array(np.array([-1, 784]), "shape")
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node("Reshape", ["floats", "shape"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        ],
        "templates",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", 28, 28])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 10])],
        [weights, shape],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def version(key: str, etag: str = "e1", size: int = 100) -> ObjectVersion:
    """Name an object version."""
    return ObjectVersion(key, etag, size)


def rows(*versions: ObjectVersion, **values: Any) -> pa.Table:
    """Make one scored row for each object version."""
    base = {
        "outcome": "scored",
        "digit": 7,
        "confidence": 0.9,
        "margin": 0.8,
        "warnings": [],
        "accepted": True,
        "model_name": "digits",
        "model_version": "7",
        "model_digest": "d",
        "preprocessing_digest": "p",
        "batch": "b",
        "chunk": "c",
        "scored_at": datetime(2026, 1, 1, tzinfo=UTC),
    } | values
    return pa.Table.from_pylist(
        [
            base
            | {"key": v.key, "etag": v.etag, "bytes": v.size}
            | {"identity": identity(v.key, v.etag, v.size)}
            for v in versions
        ],
        schema=ROWS,
    )


def settings_of(**values: Any) -> Settings:
    """Give settings that name nothing real, for what asks only for some of them."""
    nowhere = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    made = Settings(MLFLOW_TRACKING_URI="http://127.0.0.1:1", **nowhere)
    return made.model_copy(update={"cautious_confidence": 0.0} | values)


def services_of(settings: Settings, **parts: Any) -> Services:
    """Make services with some parts in the place of the usual ones.

    The test's store is known to honour conditions, so it is not asked again.
    """
    services = Services(settings)
    for name, part in ({"sure_bucket": services.results_bucket} | parts).items():
        setattr(services, name, part)
    return services


def empty_acceptance_log(cautious: float = 0.0) -> AcceptanceLog:
    """Make a log in memory, in which nobody has chosen a threshold."""
    bucket = Bucket.in_memory("results")
    return AcceptanceLog(bucket, Signing(bucket), cautious)


class InMemory(Services):
    """Services whose buckets live in this process."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(settings_of(**settings))
        self._buckets: dict[str, Bucket] = {}

    def bucket(self, name: str) -> Bucket:
        return self._buckets.setdefault(name, Bucket.in_memory(name))


class OneModel:
    """A registry with one champion that reads drawn digits, or another one when told to."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "templates.onnx"
        self.digest = template_graph(self.path)
        self.version = "1"

    def champion(self) -> PinnedModel:
        return PinnedModel("digits", self.version, self.digest, accept_confidence=0.1)

    def predictor(self, model: PinnedModel) -> Predictor:
        return Predictor(self.path, model.digest)

    def graph(self, model: PinnedModel) -> Path:
        del model
        return self.path


class StrictModel(OneModel):
    """One whose champion says of each 8 and 9 that it is not one digit."""

    def champion(self) -> PinnedModel:
        return replace(super().champion(), no_digit_threshold=7.5)

    def predictor(self, model: PinnedModel) -> Predictor:
        return _Strict(self.path, model.digest)


class _Strict(Predictor):
    def outputs(self, images: Images) -> Outputs:
        outputs = super().outputs(images)
        return outputs._replace(ood_scores=outputs.probabilities.argmax(1).astype(np.float32))


class SeveralModels:
    """A registry of versions that read drawn digits differently: 1 is right, 2 swaps 4 and 9."""

    def __init__(self, folder: Path) -> None:
        right, swapped = folder / "right.onnx", folder / "swapped.onnx"
        self.digests = {
            "1": template_graph(right),
            "2": template_graph(swapped, [0, 1, 2, 3, 9, 5, 6, 7, 8, 4]),
        }
        self._paths = dict(zip(self.digests.values(), (right, swapped), strict=True))
        self.champion_version = "1"
        self.origins: dict[str, dict[str, str]] = {}

    def version(self, version: str) -> PinnedModel:
        if version not in self.digests:
            raise InvalidInput(f"Model 'digits' has no version {version!r}; MLflow lists them.")
        return PinnedModel("digits", version, self.digests[version], accept_confidence=0.1)

    def origin(self, version: str) -> Origin:
        return Origin.of(self.origins.get(version, {}))

    def champion(self) -> PinnedModel:
        return self.version(self.champion_version)

    def predictor(self, model: PinnedModel) -> Predictor:
        return Predictor(self._paths[model.digest], model.digest)


class Killed(Exception):
    """Ends a run as a kill would, in the middle of its work."""


def killed_after(chunks: int) -> Callable[..., Iterator[Any]]:
    """Make a way to map that dies after so many chunks."""

    def mapped(score: Callable[[Any], Any], pieces: Iterator[Any]) -> Iterator[Any]:
        yield from map(score, islice(pieces, chunks))
        raise Killed

    return mapped
