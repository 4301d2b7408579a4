"""Smooth surfaces through measurements of which some are wrong."""

import numpy as np
from numpy.typing import NDArray

from mnist.layouts.combs import Profile

Points = NDArray[np.float64]
"""Places on a page, x and y in pixels, shape (..., 2)."""


def smooth_shifts(shifts: Profile, there: NDArray[np.bool_], points: Points) -> Profile:
    """Fit a surface to shifts with the least sum of deviations, so that strays do not bend it."""
    middles = (points[:, 1:] + points[:, :-1]) / 2
    low, high = points.reshape(-1, 2).min(axis=0), points.reshape(-1, 2).max(axis=0)
    span = np.maximum(high - low, 1)
    # Small grids have too few pieces of lines for many terms.
    degree = int(np.searchsorted((6, 24, 60), np.count_nonzero(there), side="right"))
    terms = _terms((middles - low) / span, degree)[there.ravel()]
    target = shifts[there]
    if len(target) < terms.shape[1]:
        return np.zeros(points.shape[:2])
    solution: Profile = np.r_[np.median(target), np.zeros(terms.shape[1] - 1)]
    for _ in range(8):  # reweighted least squares approach the least sum of deviations
        weight = 1 / np.maximum(np.abs(target - terms @ solution), 0.5)
        weighted = (terms * weight[:, None]).T
        square = weighted @ terms + 1e-6 * np.eye(terms.shape[1])
        solution = np.asarray(np.linalg.solve(square, weighted @ target), np.float64)
    surface = _terms((points - low) / span, degree) @ solution
    return np.asarray(surface.reshape(points.shape[:2]), np.float64)


def _terms(places: Points, degree: int) -> NDArray[np.float64]:
    x, y = places[..., 0].ravel(), places[..., 1].ravel()
    powers = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
    return np.stack([x**i * y**j for i, j in powers], axis=-1)
