"""An open OCR engine as a peer of `benchmarks.strings`: PP-OCR v4, by RapidOCR on ONNX Runtime.

It is no dependency of the project, and its models come with its package:

    pip install --no-deps --target peers rapidocr-onnxruntime==1.4.4 pyclipper shapely six
    PYTHONPATH=peers python -m benchmarks.strings --peer …

It is given what it is made for: one line of writing, without detection or turning. Only the digits
of its answer count, so letters that it takes digits for cost it no more than the digit.
"""

from collections.abc import Callable
from importlib import import_module

import cv2

from mnist.errors import InvalidInput
from mnist.images.results import Plane

Recognize = Callable[[Plane], str]
"""A picture of one line of writing to the digits in it."""


def recognizer() -> Recognize:
    """Load the engine.

    Raises:
        InvalidInput: If it is not installed.
    """
    try:
        engine = import_module("rapidocr_onnxruntime").RapidOCR()
    except ImportError as error:
        raise InvalidInput(
            f"The peer is not there ({error}); benchmarks/ocr_peer.py says how it is installed."
        ) from error

    def recognize(plane: Plane) -> str:
        colours = cv2.cvtColor(plane, cv2.COLOR_GRAY2BGR)
        lines, _ = engine(colours, use_det=False, use_cls=False, use_rec=True)
        text = "".join(str(line[0]) for line in lines or ())
        return "".join(sign for sign in text if sign in "0123456789")

    return recognize
