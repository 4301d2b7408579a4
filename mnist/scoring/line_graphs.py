"""The line network of a model version: an ONNX graph that its scoring graph carries along.

It lies in the metadata of the scoring graph's file. So one digest names both, they are fetched,
promoted and rolled back together, and whoever serves the file elsewhere serves single digits.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from google.protobuf.message import DecodeError

from mnist.errors import IntegrityError
from mnist.images.results import Plane
from mnist.layouts.line_images import LINE_HEIGHT
from mnist.layouts.sequences import ANSWERS, LineScores
from mnist.scoring.sessions import open_session

_KEY = "line-network"

_NOTE = "learned-from"

_READS_LINES = [("tensor(uint8)", [LINE_HEIGHT]), ("tensor(float)", [ANSWERS])]
"""Types and fixed sides of what goes in and out."""

PredictLine = Callable[[Plane | None], LineScores | None]
"""A line image (LINE_HEIGHT, w) to the logarithms of probabilities for each step along it.

None where there is no line, or no network for lines.
"""


def no_line_network(line: Plane | None) -> None:
    """Predict no line: for versions that have no line network."""
    del line


def attach_line_graph(path: Path, line_graph: bytes) -> str:
    """Put a line network into the file of a scoring graph.

    Args:
        path: The file; it is written anew.
        line_graph: From `mnist.scoring.graphs.export_line_graph`.

    Returns:
        The SHA-256 of the file.
    """
    model = onnx.load(str(path))
    kept = {entry.key: entry.value for entry in model.metadata_props}
    carried = base64.b85encode(line_graph).decode()
    onnx.helper.set_model_props(model, kept | {_KEY: carried})
    content = model.SerializeToString()
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def carried_line_graph(path: Path) -> bytes | None:
    """Take the line network out of the file of a scoring graph; None if it carries none."""
    entries = onnx.load(str(path)).metadata_props
    return next((base64.b85decode(entry.value) for entry in entries if entry.key == _KEY), None)


def with_note(line_graph: bytes, note: dict[str, Any]) -> bytes:
    """Write into a line network what it learned from, as JSON types."""
    model = onnx.load_from_string(line_graph)
    onnx.helper.set_model_props(model, {_NOTE: json.dumps(note, sort_keys=True)})
    return bytes(model.SerializeToString())


def note_of(line_graph: bytes) -> dict[str, Any]:
    """Say what a line network learned from; empty if it does not tell."""
    try:
        entries = onnx.load_from_string(line_graph).metadata_props
    except DecodeError:
        return {}
    return next((json.loads(entry.value) for entry in entries if entry.key == _NOTE), {})


def line_session(
    scoring_graph: onnxruntime.InferenceSession,
) -> onnxruntime.InferenceSession | None:
    """Open the line network that a scoring graph carries; None if it carries none.

    Raises:
        IntegrityError: If what it carries does not go from lines to digits.
    """
    carried = scoring_graph.get_modelmeta().custom_metadata_map.get(_KEY)
    if carried is None:
        return None
    try:
        content = base64.b85decode(carried)
    except ValueError:
        content = b""  # the runtime refuses it
    return open_line_graph(content)


def open_line_graph(content: bytes) -> onnxruntime.InferenceSession:
    """Open a line network, which executes nothing of what is in it.

    Raises:
        IntegrityError: If it does not go from lines to digits.
    """
    session = open_session(content, "What a scoring graph carries is no line network")
    ports = [*session.get_inputs(), *session.get_outputs()]
    kinds = [(port.type, [side for side in port.shape if isinstance(side, int)]) for port in ports]
    if kinds != _READS_LINES:
        raise IntegrityError(
            f"The line network is a graph from and to {kinds}; expected {_READS_LINES}: lines in, "
            "eleven answers for each step out."
        )
    return session


def predict_line(session: onnxruntime.InferenceSession, image: Plane | None) -> LineScores | None:
    """Predict one line, shape (LINE_HEIGHT, w), to (w / STRIDE, ANSWERS).

    One at a time: beside wider ones its numbers would be others.
    """
    if image is None:
        return None
    name = session.get_inputs()[0].name
    (scores,) = session.run(None, {name: image[None]})
    return np.asarray(scores[0], np.float32)
