"""Which predictions are audited: a random share that nobody can foresee or steer.

The draw of an image comes from the digest of its bytes and a key, so every process and every run
draws the same ones, and who fills the inbox cannot tell which.
"""

import hashlib
import hmac
from collections.abc import Sequence
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

BANDS = (0.9, 0.99, 0.999)
"""Confidences that part the strata: of each, the same share is drawn."""

_HEX_OF_32_BITS = 8


def draws(digests: Sequence[str], key: bytes) -> NDArray[np.float64]:
    """Draw a number of 0-1 for each image, shape (n,): the same for the same bytes and key."""
    codes = [hmac.new(key, digest.encode(), hashlib.sha256).hexdigest() for digest in digests]
    return np.array([int(code[:_HEX_OF_32_BITS], 16) for code in codes]) / 2.0**32


def draw_audits(
    batch: str,
    digests: Sequence[str],
    confidence: NDArray[np.floating],
    share: float,
    key: bytes,
) -> NDArray[np.intp]:
    """Choose which predictions of one batch are audited.

    Of each band of confidence those with the lowest draws: the same share of all bands and batches,
    where a fraction of an image is rounded up or down by another draw. So every image has the same
    chance, and no weights are needed. Copies of an image are drawn once.

    Args:
        batch: Name of the batch.
        digests: SHA-256 of the bytes of n images; only the confidence decides about them.
        confidence: Of their predictions, shape (n,).
        share: How many of them, 0-1.
        key: Makes the draw unforeseeable.

    Returns:
        Their positions, in the order in which they are to be looked at; any beginning of it is a
        random sample as well.
    """
    numbers = draws(digests, key)
    _, first = np.unique(np.asarray(digests, dtype=str), return_index=True)
    bands = np.searchsorted(BANDS, confidence[first], side="right")
    chosen = []
    for band in np.unique(bands):
        members = first[bands == band]
        ordered = members[np.argsort(numbers[members], kind="stable")]
        (fraction,) = draws([f"{batch}/{band}"], key)
        chosen.append(ordered[: floor(share * len(members) + fraction)])
    positions = np.concatenate([np.empty(0, np.intp), *chosen])
    return np.asarray(positions[np.argsort(numbers[positions], kind="stable")], np.intp)


def audits_needed(error_rate: float, within: float, assurance: float = 0.95) -> int:
    """Say how many audits estimate a share of wrong ones to within so much, two-sided.

    Args:
        error_rate: The share that is expected, 0-1.
        within: Half the width of the interval, 0-1.
        assurance: Confidence of the interval.
    """
    quantile = float(norm.ppf((1 + assurance) / 2))
    return ceil(quantile**2 * error_rate * (1 - error_rate) / within**2)
