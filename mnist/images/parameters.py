"""Every number that decides how pixels become a digit, and the digest that names them."""

import hashlib
import json
from dataclasses import asdict, dataclass

PREPROCESSING_VERSION = 1
"""Raised by hand whenever decoded pixels change for any image; a golden test insists on it."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Constants of the preprocessing.

    Attributes:
        working_side: Longer images are reduced to this many pixels before anything else.
        box_side: The digit is scaled into a square of this side (LeCun et al. 1998).
        stroke_width: Mean stroke width of MNIST inside that box, in pixels.
        least_contrast: Grey levels between ink and ground below which an image is blank.
        native_ground: Brightest ground of an image that counts as MNIST-like already.
        native_ink: Faintest ink of an image that counts as MNIST-like already.
    """

    working_side: int = 1024
    box_side: int = 20
    stroke_width: float = 2.3
    least_contrast: int = 12
    native_ground: int = 64
    native_ink: int = 96


PARAMETERS = Parameters()


def preprocessing_digest() -> str:
    """Name the preprocessing by the SHA-256 of its version and constants, as 64 hex digits."""
    named = {"version": PREPROCESSING_VERSION, **asdict(PARAMETERS)}
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()
