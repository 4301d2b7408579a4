"""Digests of images, short enough that a million of them can be looked up in memory."""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mnist.digits import Images

Digests = NDArray[np.uint64]
"""First eight bytes of SHA-256 digests, shape (n,)."""


def short_digests(digests: Iterable[bytes]) -> Digests:
    """Shorten SHA-256 digests to eight bytes: a million of them need 8 MB."""
    return np.array([int.from_bytes(digest[:8], "big") for digest in digests], np.uint64)


def pixel_digests(images: Images) -> Digests:
    """Compute the digest of the pixels of each image, shape (n,)."""
    return short_digests(hashlib.sha256(image.tobytes()).digest() for image in images)
