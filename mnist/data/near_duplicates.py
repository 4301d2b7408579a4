"""Images that are test images, or nearly: learned, they would flatter."""

import numpy as np
from numpy.typing import NDArray

from mnist.digits import Images

_SIMILARITY = 0.99
"""Cosine of the angle between two images.

Of 6,000 training images of MNIST none is as near to a test image (at 0.985 three are); test images
that were saved as JPEG of quality 75, or with noise of 4 grey levels, are nearer.
"""

_AT_ONCE = 1_000


class TestImages:
    """The test images, to be compared with others.

    Args:
        images: Shape (n, 28, 28), uint8.
    """

    __test__ = False  # pytest takes it for tests otherwise

    def __init__(self, images: Images) -> None:
        self._directions = _directions(images)

    def similar(self, images: Images) -> NDArray[np.bool_]:
        """Tell which images are test images up to brightness and small differences, shape (n,)."""
        answers = [
            (_directions(images[start : start + _AT_ONCE]) @ self._directions.T).max(axis=1)
            for start in range(0, len(images), _AT_ONCE)
        ]
        return np.concatenate([*answers, np.zeros(0)]) >= _SIMILARITY


def _directions(images: Images) -> NDArray[np.float32]:
    rows = images.reshape(len(images), -1).astype(np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1), np.float32)
