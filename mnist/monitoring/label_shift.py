"""How often each digit really occurs in images without labels."""

import numpy as np
from numpy.typing import NDArray

from mnist.digits import CLASSES, Probabilities

Shares = NDArray[np.float64]
"""Share of each digit, shape (10,), summing to 1."""

EVEN: Shares = np.full(CLASSES, 1 / CLASSES)
"""What a network trained on about as many of each digit expects."""

_ROUNDS = 200
_PRECISION = 1e-7


def estimate_shares(probabilities: Probabilities, trained_on: Shares = EVEN) -> Shares:
    """Estimate the shares of the digits from calibrated probabilities.

    Counting predicted digits counts the confusions as well. This corrects for what the
    network expects: expectation maximisation after Saerens, Latinne and Decaestecker (2002).

    Args:
        probabilities: One row per image, shape (n, 10), rows summing to 1, n > 0.
        trained_on: Shares among the images that the network was trained and calibrated on.
    """
    original = np.asarray(probabilities, np.float64)
    shares = trained_on
    for _ in range(_ROUNDS):
        weighted = original * (shares / trained_on)
        posterior = weighted / weighted.sum(axis=1, keepdims=True)
        updated = posterior.mean(axis=0)
        moved = np.abs(updated - shares).max()
        shares = updated
        if moved < _PRECISION:
            break
    return shares
