"""Score every value that a lattice may be, and say how probable the best ones are.

The lattice is a semi-Markov model (Sarawagi and Cohen 2004): a value's score is the sum over its
digits of what the network and the shape say of each, and its probability is its share of the sum
over all paths and digits. So two ways to cut compete, which no product of digit confidences shows.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]


class Arcs(NamedTuple):
    """What may lie between two boundaries.

    Attributes:
        starts: Boundary in front of each segment, shape (k,).
        ends: Boundary behind it.
        scores: Of each digit on each segment, shape (k, 10).
        skips: Score of a piece that is no digit, by the boundary in front of it; -inf if it has
            to be part of one. Shape (last,).
        last: The last boundary.
    """

    starts: NDArray[np.intp]
    ends: NDArray[np.intp]
    scores: Scores
    skips: Scores
    last: int


class ScoredPath(NamedTuple):
    """One value, in its best way to be cut.

    Attributes:
        score: Of this way.
        digits: Its digits.
        segments: Numbers of its segments.
    """

    score: float
    digits: tuple[int, ...]
    segments: tuple[int, ...]


def best_paths(arcs: Arcs, count: int | None, beam: int) -> list[ScoredPath]:
    """Find the best values, each once, the best first.

    Args:
        arcs: The lattice.
        count: How many digits a value has; None if any number will do.
        beam: How many are kept at every boundary; for each number of digits if it is declared.
    """
    ranked = np.argsort(-arcs.scores, axis=1)[:, :3]
    kept: list[dict[int, dict[tuple[int, ...], ScoredPath]]] = [{} for _ in range(arcs.last + 1)]
    kept[0] = {0: {(): ScoredPath(0.0, (), ())}}
    by_end = _by_end(arcs)
    for end in range(1, arcs.last + 1):
        new: dict[int, dict[tuple[int, ...], ScoredPath]] = {}
        skip = float(arcs.skips[end - 1])
        if np.isfinite(skip):
            for path in _all(kept[end - 1]):
                _keep(new, path.score + skip, path.digits, path.segments, count)
        for index in by_end[end]:
            scored = [(digit, float(arcs.scores[index, digit])) for digit in ranked[index].tolist()]
            for path in _all(kept[int(arcs.starts[index])]):
                if count is None or len(path.digits) < count:
                    segments = (*path.segments, index)
                    for digit, score in scored:
                        digits = (*path.digits, digit)
                        _keep(new, path.score + score, digits, segments, count)
        kept[end] = {
            length: dict(sorted(paths.items(), key=lambda pair: -pair[1].score)[:beam])
            for length, paths in new.items()
        }
    complete = [
        path
        for path in _all(kept[arcs.last])
        if path.digits and (count is None or len(path.digits) == count)
    ]
    return sorted(complete, key=lambda path: -path.score)


def best_path_of(arcs: Arcs, digits: tuple[int, ...]) -> ScoredPath | None:
    """Find the best way to cut a line into these digits; None if there is none."""
    kept: list[dict[int, ScoredPath]] = [{} for _ in range(arcs.last + 1)]
    kept[0] = {0: ScoredPath(0.0, digits, ())}
    by_end = _by_end(arcs)
    for end in range(1, arcs.last + 1):
        ways = [
            (number, path._replace(score=path.score + float(arcs.skips[end - 1])))
            for number, path in kept[end - 1].items()
            if np.isfinite(arcs.skips[end - 1])
        ]
        for index in by_end[end]:
            for number, path in kept[int(arcs.starts[index])].items():
                if number < len(digits):
                    score = path.score + float(arcs.scores[index, digits[number]])
                    segments = (*path.segments, index)
                    ways.append((number + 1, ScoredPath(score, digits, segments)))
        for number, path in sorted(ways, key=lambda way: way[1].score):
            kept[end][number] = path
    return kept[arcs.last].get(len(digits))


def _by_end(arcs: Arcs) -> list[list[int]]:
    """List the segments that end at each boundary."""
    by_end: list[list[int]] = [[] for _ in range(arcs.last + 1)]
    for index, end in enumerate(arcs.ends.tolist()):
        by_end[end].append(index)
    return by_end


def _all(kept: dict[int, dict[tuple[int, ...], ScoredPath]]) -> list[ScoredPath]:
    return [path for paths in kept.values() for path in paths.values()]


def _keep(
    new: dict[int, dict[tuple[int, ...], ScoredPath]],
    score: float,
    digits: tuple[int, ...],
    segments: tuple[int, ...],
    count: int | None,
) -> None:
    paths = new.setdefault(0 if count is None else len(digits), {})
    former = paths.get(digits)
    if former is None or former.score < score:
        paths[digits] = ScoredPath(score, digits, segments)


def log_total(arcs: Arcs, count: int | None) -> float:
    """Logarithm of the sum over all ways to cut and all digits, of so many digits if it is said."""
    summed = np.logaddexp.reduce(arcs.scores, axis=1)
    if count is None:
        return _log_sum(arcs, summed[:, None], repeat=True)
    return _log_sum(arcs, np.repeat(summed[:, None], count, axis=1), repeat=False)


def log_of(arcs: Arcs, digits: tuple[int, ...]) -> float:
    """Logarithm of the sum over all ways to cut that give these digits."""
    return _log_sum(arcs, arcs.scores[:, list(digits)], repeat=False)


def _log_sum(arcs: Arcs, scores: Scores, *, repeat: bool) -> float:
    """Sum over paths whose n-th segment scores `scores[:, n]`, or any number of column 0."""
    width = 1 if repeat else scores.shape[1] + 1
    sums = np.full((arcs.last + 1, width), -np.inf)
    sums[0, 0] = 0.0
    order = np.argsort(arcs.ends, kind="stable")
    edges = np.searchsorted(arcs.ends[order], np.arange(arcs.last + 2))
    for end in range(1, arcs.last + 1):
        sums[end] = sums[end - 1] + arcs.skips[end - 1]
        for index in order[edges[end] : edges[end + 1]]:
            before = sums[arcs.starts[index]]
            if repeat:
                sums[end] = np.logaddexp(sums[end], before + scores[index, 0])
            else:
                sums[end, 1:] = np.logaddexp(sums[end, 1:], before[:-1] + scores[index])
    return float(sums[arcs.last, -1])
