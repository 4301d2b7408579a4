"""Planted candidates: evidence whose every wrong reading is chosen by the test."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mnist.promotion import Evidence

IMAGES = 10_000

LABELS = np.arange(IMAGES) % 10
"""Image i shows the digit i % 10."""

WRITERS = np.arange(IMAGES) // 40
"""250 writers of 40 images each."""


def probabilities(read: np.ndarray, confidence: float) -> np.ndarray:
    """Return rows that read the given digits with the given confidence."""
    rows = np.full((len(read), 10), (1 - confidence) / 9, np.float32)
    rows[np.arange(len(read)), read] = confidence
    return rows


def wrong(start: int, count: int, step: int = 37) -> dict[int, int]:
    """Return `count` images from `start` on, spread over digits and writers, each misread.

    Each is read as the digit six further on, which no policy watches.
    """
    indices = [(start + step * k) % IMAGES for k in range(count)]
    return {index: (int(LABELS[index]) + 6) % 10 for index in indices}


def confusion(true: int, read: int, count: int, start: int = 0) -> dict[int, int]:
    """Return `count` images of `true` that are read as `read`."""
    indices = np.flatnonzero(true == LABELS)[start : start + count]
    return dict.fromkeys(indices.tolist(), read)


def evidence(
    misread: Mapping[int, int], version: str = "2", *, confidence: float = 0.996, **known: Any
) -> Evidence:
    """Return evidence of a model that misreads just these images (index -> digit read)."""
    labels = known.pop("labels", LABELS)
    read = labels.copy()
    for index, digit in misread.items():
        read[index] = digit
    known.setdefault("images_digest", "5" * 64)
    return Evidence(
        labels=labels,
        probabilities=probabilities(read, confidence),
        model="digits",
        model_version=version,
        **known,
    )
