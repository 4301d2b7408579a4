"""Training images whose label a person found wrong: nobody learns from them with that label."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mnist.data.digests import pixel_digests, short_digests
from mnist.data.labelled import LabelledImages

WRONG_LABEL = "label wrong, by a person's verdict"
"""Why such an image is left out, in records."""


class WrongLabels:
    """Pairs of an image and a label that it does not show.

    Args:
        pairs: SHA-256 of the pixels in hexadecimal, and the label.
    """

    def __init__(self, pairs: Iterable[tuple[str, int]] = ()) -> None:
        ordered = list(pairs)
        digests = short_digests(bytes.fromhex(sha256) for sha256, _ in ordered)
        self._pairs = {
            (digest, label) for digest, (_, label) in zip(digests.tolist(), ordered, strict=True)
        }

    def rows(self, data: LabelledImages) -> NDArray[np.bool_]:
        """Tell which images have such a label, shape (n,); with another label they have not."""
        if not self._pairs:
            return np.zeros(data.n, bool)
        pairs = zip(pixel_digests(data.images).tolist(), data.labels.tolist(), strict=True)
        return np.array([pair in self._pairs for pair in pairs], bool)
