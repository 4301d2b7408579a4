"""Scoring graphs: ONNX files written once from Keras and run by a runtime that executes no code.

Scoring imports this module; so Keras is only touched inside `export_graph`.
"""

import hashlib
import os
import warnings
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime

from mnist.digits import SIDE, Images, Outputs, Probabilities
from mnist.errors import IntegrityError, InvalidInput
from mnist.layouts.line_images import LINE_HEIGHT, STRIDE
from mnist.scoring import ood
from mnist.scoring.line_graphs import (
    PredictLine,
    line_session,
    no_line_network,
    open_line_graph,
    predict_line,
)
from mnist.scoring.sessions import open_session

PARITY_TOLERANCE = 1e-5
"""Largest difference of a probability between the Keras model and its graph."""

_READS_DIGITS = [("tensor(uint8)", [SIDE, SIDE]), ("tensor(float)", [10])]

_PARITY_IMAGES = 1_000


def export_graph(model: Any, path: Path) -> str:
    """Write a Keras model as an ONNX graph and prove that both give the same probabilities.

    Args:
        model: Keras model from uint8 images (n, 28, 28) to probabilities (n, 10).
        path: Where to write; appears only when complete and proven.

    Returns:
        The SHA-256 of the file.

    Raises:
        IntegrityError: If the graph differs by more than `PARITY_TOLERANCE` on 1,000 images.
    """
    images = _random_images(_PARITY_IMAGES)
    # Keras refuses to export a freshly loaded model that has never been called.
    expected = np.asarray(model(images, training=False))
    unproven = path.with_suffix(f".{os.getpid()}.partial")
    try:
        sha256 = hashlib.sha256(_export(model, unproven)).hexdigest()
        _require_parity(Predictor(unproven, sha256).predict(images), expected)
        unproven.replace(path)
    finally:
        unproven.unlink(missing_ok=True)
    return sha256


def export_line_graph(model: Any) -> bytes:
    """Turn a line network of Keras into an ONNX graph and prove that both say the same.

    Args:
        model: From `mnist.training.line_network`.

    Raises:
        IntegrityError: If a probability differs by more than `PARITY_TOLERANCE` on a random line.
    """
    random = np.random.default_rng(0)
    line = random.integers(0, 256, (LINE_HEIGHT, 50 * STRIDE), dtype=np.uint8)
    expected = np.asarray(model(line[None], training=False))[0]
    with TemporaryDirectory() as folder:
        content = _export(model, Path(folder) / "lines.onnx")
    exported = predict_line(open_line_graph(content), line)
    _require_parity(np.exp(np.asarray(exported)), np.exp(expected))
    return content


def _export(model: Any, path: Path) -> bytes:
    with warnings.catch_warnings():
        # tf2onnx still writes np.object; nothing we can do about it here.
        warnings.filterwarnings(
            "ignore", message=r".*`np\.object`.*", category=FutureWarning, module="keras"
        )
        model.export(str(path), format="onnx", verbose=False)
    return path.read_bytes()


def _require_parity(exported: Any, expected: Any) -> None:
    difference = np.abs(exported - expected).max()
    if not difference <= PARITY_TOLERANCE:
        raise IntegrityError(
            f"The exported graph differs from its Keras model by {difference:.2g}; at most "
            f"{PARITY_TOLERANCE:g} is allowed. The network uses a layer that ONNX renders "
            "differently."
        )


class Predictor:
    """A scoring graph in memory, checked against the digest that was recorded at training.

    Args:
        path: The ONNX file.
        sha256: The digest it must have.

    Attributes:
        predict_line: The line network that came with it; answers None if none did.

    Raises:
        IntegrityError: If the file has another digest, or is no graph that predicts digits.
    """

    def __init__(self, path: Path, sha256: str) -> None:
        content = read_graph(path, sha256)
        self.sha256 = sha256
        self._session = _session(path, content)
        self._output_names = [output.name for output in self._session.get_outputs()]
        lines = line_session(self._session)
        self.predict_line: PredictLine = (
            no_line_network if lines is None else partial(predict_line, lines)
        )

    def predict(self, images: Images) -> Probabilities:
        """Predict the digits of images.

        Args:
            images: Shape (n, 28, 28), uint8, bright ink on dark ground; n may be 0.

        Returns:
            Probabilities, shape (n, 10), float32, rows summing to 1.

        Raises:
            InvalidInput: If the array has another shape or type.
        """
        return self.outputs(images).probabilities

    def outputs(self, images: Images) -> Outputs:
        """Predict the digits of images, and say how unlike digits they are.

        Raises:
            InvalidInput: As `predict`.
        """
        if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE):
            raise InvalidInput(
                f"Expected uint8 images of shape (n, {SIDE}, {SIDE}); got {images.dtype} of "
                f"shape {images.shape}. Decode them with `mnist.images`."
            )
        if not len(images):
            return Outputs(np.empty((0, 10), np.float32), np.empty(0, np.float32))
        arrays = ood.run(self._session, self._output_names, images)
        by_name = dict(zip(self._output_names, arrays, strict=True))
        scores = by_name.get(ood.OUTPUT, np.full(len(images), np.nan, np.float32))
        return Outputs(arrays[0], scores)


def read_graph(path: Path, sha256: str) -> bytes:
    """Read a scoring graph that has the digest which was recorded for it.

    Raises:
        IntegrityError: If it has another one.
    """
    content = path.read_bytes()
    actual = hashlib.sha256(content).hexdigest()
    if actual != sha256:
        raise IntegrityError(
            f"The scoring graph {path} has SHA-256 {actual}, but {sha256} was recorded for it. "
            "Do not use this file; fetch the model version again."
        )
    return content


def _session(path: Path, content: bytes) -> onnxruntime.InferenceSession:
    """Open a graph, which executes nothing of what is in it; refuse what is none of ours."""
    session = open_session(content, f"{path} is no scoring graph")
    outputs = [output for output in session.get_outputs() if output.name != ood.OUTPUT]
    shapes = [(port.type, port.shape[1:]) for port in (*session.get_inputs(), *outputs)]
    if shapes != _READS_DIGITS:
        raise IntegrityError(
            f"{path} is a graph from and to {shapes}; expected {_READS_DIGITS}: images in, ten "
            "probabilities out."
        )
    return session


def _random_images(count: int) -> Images:
    return np.random.default_rng(0).integers(0, 256, (count, SIDE, SIDE), dtype=np.uint8)
