"""How unlike the digits of the training an image is: a second output of the scoring graph.

A network that learned "not a digit" as an eleventh answer has it in its logits: how far that answer
is ahead of all digits together. For one that did not, such as an adopted model, it is virtual-logit
matching (Wang et al. 2022, "ViM: Out-Of-Distribution with Virtual-logit Matching"):
what of an image's features lies outside the subspace of digits' features, weighed against how much
evidence the logits see. Of nine scores compared it was the best for networks that were trained on
digits alone (docs/images-measured.md has the figures).
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from mnist.digits import CLASSES, Images
from mnist.errors import IntegrityError

OUTPUT = "ood_score"
"""Name of the output, shape (n,), float32; larger is less like a digit."""

_BATCH = 128
_AXES_AS_INPUT = 18
"""From this operator set on, reductions take their axes as an input."""


class Head(NamedTuple):
    """The last layer of a network or of one member of an ensemble, by the names of its tensors.

    Attributes:
        features: What goes in, shape (n, d).
        logits: What comes out, shape (n, 10) or (n, 11).
        digits: The first ten of it.
    """

    features: str
    logits: str
    digits: str

    @property
    def has_eleventh(self) -> bool:
        """Whether there are more logits than those of the digits."""
        return self.logits != self.digits


class Subspace(NamedTuple):
    """Where the features of digits lie.

    Attributes:
        mean: Shape (d,).
        basis: Principal directions, shape (d, d // 2), orthonormal columns.
        scale: Brings the distance from the subspace to the size of the largest logit.
    """

    mean: NDArray[np.float32]
    basis: NDArray[np.float32]
    scale: float


def add_ood_score(graph: Path, images: Images) -> str:
    """Give a scoring graph the output `ood_score`.

    Args:
        graph: The ONNX file; it is rewritten.
        images: Digits the network has learned from, shape (n, 28, 28), n in the thousands.

    Returns:
        The SHA-256 of the new file.

    Raises:
        IntegrityError: If the graph has no linear layer before its softmax.
    """
    model = onnx.load(str(graph))
    heads = _heads(model)
    terms = [
        _append_eleventh(model, index, head)
        if head.has_eleventh
        else _append(model, index, head, fit(*_tensors(model, head, images)))
        for index, head in enumerate(heads)
    ]
    model.graph.node.append(helper.make_node("Mean", terms, [OUTPUT]))
    model.graph.output.append(helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n"]))
    content = model.SerializeToString()
    graph.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def fit(features: NDArray[np.float32], logits: NDArray[np.float32]) -> Subspace:
    """Find the subspace that holds most of the variance of the features of digits.

    Args:
        features: Shape (n, d).
        logits: Shape (n, 10).
    """
    mean = features.mean(axis=0)
    centred = (features - mean).astype(np.float64)
    _, directions = np.linalg.eigh(centred.T @ centred)  # ascending
    basis = directions[:, -(features.shape[1] // 2) :]
    distance = np.linalg.norm(centred - centred @ basis @ basis.T, axis=1)
    scale = float(logits.max(axis=1).mean() / max(float(distance.mean()), 1e-6))
    return Subspace(mean.astype(np.float32), basis.astype(np.float32), scale)


def _heads(model: onnx.ModelProto) -> list[Head]:
    """Find the linear layers whose logits go into a softmax."""
    node_of = {output: node for node in model.graph.node for output in node.output}
    heads = []
    for softmax in (node for node in model.graph.node if node.op_type == "Softmax"):
        digits = logits = softmax.input[0]
        node = node_of.get(digits)
        if node is not None and node.op_type == "Slice":
            logits = node.input[0]
            node = node_of.get(logits)
        if node is not None and node.op_type == "Add":
            node = next((node_of[i] for i in node.input if i in node_of), None)
        if node is not None and node.op_type in {"MatMul", "Gemm"}:
            heads.append(Head(node.input[0], logits, digits))
    if not heads:
        raise IntegrityError(
            "The scoring graph has no linear layer before a softmax, so it cannot say how unlike a "
            "digit an image is; end the architecture with a dense layer of logits."
        )
    return heads


def _tensors(
    model: onnx.ModelProto, head: Head, images: Images
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Run the graph and look inside."""
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    names = [head.features, head.logits]
    for name in names:
        opened.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(
        opened.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    features, logits = run(session, names, images)
    return features, logits


def run(
    session: onnxruntime.InferenceSession, names: Sequence[str], images: Images
) -> list[NDArray[np.float32]]:
    """Run a graph over images, n > 0, some at a time; return these of its outputs."""
    entry = session.get_inputs()[0].name
    parts = [
        session.run(names, {entry: images[start : start + _BATCH]})
        for start in range(0, len(images), _BATCH)
    ]
    return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]


def _append(model: onnx.ModelProto, index: int, head: Head, subspace: Subspace) -> str:
    """Add the nodes of one head: scale * distance - logsumexp(logits)."""
    graph, prefix = model.graph, f"ood/{index}"

    def constant(name: str, value: NDArray[np.float32]) -> str:
        graph.initializer.append(numpy_helper.from_array(value, f"{prefix}/{name}"))
        return f"{prefix}/{name}"

    def node(operation: str, *inputs: str, name: str) -> str:
        graph.node.append(helper.make_node(operation, inputs, [f"{prefix}/{name}"]))
        return f"{prefix}/{name}"

    mean, basis = constant("mean", subspace.mean), constant("basis", subspace.basis)
    centred = node("Sub", head.features, mean, name="centred")
    inside = node("MatMul", centred, basis, name="inside")
    lengths = [
        _reduced(model, "ReduceSumSquare", tensor, f"{tensor}/squared")
        for tensor in (centred, inside)
    ]
    outside = node("Sub", *lengths, name="outside")
    positive = node("Relu", outside, name="positive")  # rounding can make it negative
    distance = node("Sqrt", positive, name="distance")
    scale = constant("scale", np.array(subspace.scale, np.float32))
    scaled = node("Mul", distance, scale, name="scaled")
    evidence = _reduced(model, "ReduceLogSumExp", head.logits, f"{prefix}/evidence")
    return node("Sub", scaled, evidence, name="score")


def _append_eleventh(model: onnx.ModelProto, index: int, head: Head) -> str:
    """Add the nodes of one head: the last logit - logsumexp(those of the digits)."""
    graph, prefix = model.graph, f"ood/{index}"
    graph.initializer.append(numpy_helper.from_array(np.array(CLASSES), f"{prefix}/last"))
    graph.node.append(
        helper.make_node("Gather", [head.logits, f"{prefix}/last"], [f"{prefix}/other"], axis=1)
    )
    evidence = _reduced(model, "ReduceLogSumExp", head.digits, f"{prefix}/evidence")
    graph.node.append(helper.make_node("Sub", [f"{prefix}/other", evidence], [f"{prefix}/score"]))
    return f"{prefix}/score"


def _reduced(model: onnx.ModelProto, operation: str, tensor: str, name: str) -> str:
    """Reduce (n, k) to (n,)."""
    opset = next(opset for opset in model.opset_import if opset.domain in {"", "ai.onnx"})
    if opset.version >= _AXES_AS_INPUT:
        axes = numpy_helper.from_array(np.array([1]), f"{name}/axes")
        model.graph.initializer.append(axes)
        node = helper.make_node(operation, [tensor, axes.name], [name], keepdims=0)
    else:
        node = helper.make_node(operation, [tensor], [name], keepdims=0, axes=[1])
    model.graph.node.append(node)
    return name
