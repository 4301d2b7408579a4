"""Scoring graphs: ONNX files written once from Keras and run by a runtime that executes no code.

Scoring imports this module; so Keras is only touched inside `export_graph`.
"""

import hashlib
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_errors

from mnist.digits import SIDE, Images, Outputs, Probabilities
from mnist.errors import IntegrityError, InvalidInput
from mnist.scoring import ood

PARITY_TOLERANCE = 1e-5
"""Largest difference of a probability between the Keras model and its graph."""

_READS_DIGITS = [("tensor(uint8)", [SIDE, SIDE]), ("tensor(float)", [10])]

_NO_GRAPH = (
    runtime_errors.Fail,
    runtime_errors.InvalidArgument,
    runtime_errors.InvalidGraph,
    runtime_errors.InvalidProtobuf,
    runtime_errors.NoSuchFile,
    runtime_errors.NotImplemented,
    runtime_errors.RuntimeException,
)
"""What the runtime raises for bytes that it cannot make a graph of."""

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
    partial = path.with_suffix(f".{os.getpid()}.partial")
    with warnings.catch_warnings():
        # tf2onnx still writes np.object; nothing we can do about it here.
        warnings.filterwarnings(
            "ignore", message=r".*`np\.object`.*", category=FutureWarning, module="keras"
        )
        model.export(str(partial), format="onnx", verbose=False)
    try:
        sha256 = hashlib.sha256(partial.read_bytes()).hexdigest()
        difference = np.abs(Predictor(partial, sha256).predict(images) - expected).max()
        if not difference <= PARITY_TOLERANCE:
            raise IntegrityError(
                f"The exported graph differs from its Keras model by {difference:.2g}; at most "
                f"{PARITY_TOLERANCE:g} is allowed. The network uses a layer that ONNX renders "
                "differently."
            )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return sha256


class Predictor:
    """A scoring graph in memory, checked against the digest that was recorded at training.

    Args:
        path: The ONNX file.
        sha256: The digest it must have.

    Raises:
        IntegrityError: If the file has another digest, or is no graph that predicts digits.
    """

    def __init__(self, path: Path, sha256: str) -> None:
        content = read_graph(path, sha256)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # processes scale better than threads
        options.inter_op_num_threads = 1
        self.sha256 = sha256
        self._session = _session(path, content, options)
        self._output_names = [output.name for output in self._session.get_outputs()]

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


def _session(
    path: Path, content: bytes, options: onnxruntime.SessionOptions
) -> onnxruntime.InferenceSession:
    """Open a graph, which executes nothing of what is in it; refuse what is none of ours."""
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except _NO_GRAPH as error:
        raise IntegrityError(
            f"{path} is no scoring graph ({str(error)[:200]}); a pickle, a Keras file or a layer "
            "with code of its own is never loaded. Register models through the flow `retrain`."
        ) from error
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
