"""Opening ONNX graphs with a runtime that executes no code of theirs."""

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_errors

from mnist.errors import IntegrityError

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


def open_session(content: bytes, refusal: str) -> onnxruntime.InferenceSession:
    """Open a graph on one core: processes scale better than threads.

    Args:
        content: The ONNX file.
        refusal: How the sentence begins that is told if it is none.

    Raises:
        IntegrityError: If it is no graph, or has operators that the runtime does not know.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except _NO_GRAPH as error:
        raise IntegrityError(
            f"{refusal} ({str(error)[:200]}); a pickle, a Keras file or a layer with code of its "
            "own is never loaded. Register models through the flow `retrain`."
        ) from error
