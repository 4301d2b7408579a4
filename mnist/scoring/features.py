"""What a network sees in an image just before it decides: the inputs of its last dense layer.

Images that are close there look alike to the model, which is what "more like this" asks for.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from mnist.digits import Images
from mnist.errors import IntegrityError
from mnist.scoring.graphs import read_graph
from mnist.scoring.ood import run

Features = NDArray[np.float32]
"""One row per image, shape (n, d), of length 1; the product of two rows is their cosine."""

_DENSE = {"MatMul", "Gemm"}


class FeatureExtractor:
    """A scoring graph that also tells its penultimate layer.

    Args:
        path: The ONNX file.
        sha256: The digest it must have.

    Raises:
        IntegrityError: If the file has another digest, or no dense layer.
    """

    def __init__(self, path: Path, sha256: str) -> None:
        model = onnx.load_from_string(read_graph(path, sha256))
        self._names = _inputs_of_last_dense(model.graph)
        outputs = {output.name for output in model.graph.output}
        model.graph.output.extend(
            onnx.ValueInfoProto(name=name) for name in self._names if name not in outputs
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def features(self, images: Images) -> Features:
        """Return the features of images, shape (n, 28, 28), n > 0."""
        outputs = run(self._session, self._names, images)
        rows = np.concatenate([output.reshape(len(images), -1) for output in outputs], axis=1)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / np.where(lengths > 0, lengths, 1), np.float32)


def nearest(features: Features, query: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Return the rows most like a query, the most like it first.

    Args:
        features: Shape (n, d).
        query: Shape (d,).
        count: How many; fewer if there are fewer rows.
    """
    likeness = features @ query
    count = min(count, len(likeness))
    best = np.argpartition(-likeness, count - 1)[:count]
    return np.asarray(best[np.argsort(-likeness[best], kind="stable")], np.int64)


def _inputs_of_last_dense(graph: Any) -> list[str]:
    """Name what goes into the last dense layer; an ensemble has one for each member."""
    node_of = {name: node for node in graph.node for name in node.output}
    waiting = [graph.output[0].name]
    inputs: list[str] = []
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        node = node_of.get(name)
        if node is None or name in seen:
            continue
        seen.add(name)
        if node.op_type in _DENSE:
            inputs.append(node.input[0])
        else:
            waiting.extend(node.input)
    if not inputs:
        raise IntegrityError(
            "The scoring graph has no dense layer before its output, so nobody can say which "
            "images look alike to it; choose a version with a known architecture."
        )
    return sorted(set(inputs))
