"""Types of the pictures that this package passes from stage to stage."""

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
"""Grey image or mask of any size, shape (h, w), values 0-255 or 0-1."""

Ink = NDArray[np.float32]
"""Strength of ink, shape (h, w): about 0 on the ground, 1 for black ink on white paper."""

Pixels = NDArray[np.uint8]
"""Decoded pixels, shape (h, w), (h, w, 3) BGR or (h, w, 4) BGRA, values 0-255."""
