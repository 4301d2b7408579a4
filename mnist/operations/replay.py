"""Replay: what would change in production if the candidate were champion."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np

from mnist.digits import CLASSES, SIDE, Images, Outcome, Probabilities
from mnist.errors import AccessDenied, ObjectChanged, ObjectGone
from mnist.evaluation.statistics import Flags
from mnist.images import Decoded, Limits, decode
from mnist.keys import ObjectVersion
from mnist.parts import Parts
from mnist.promotion import Replay
from mnist.storage.results import Results

_KEYS_SHOWN = 5
_COLUMNS = ("key", "etag", "bytes", "outcome")


@dataclass(frozen=True, eq=False)
class ProductionImages:
    """Images that production has scored.

    Attributes:
        keys: Where each lies in the inbox, n of them.
        images: As a model is given them, shape (n, 28, 28), uint8.
        warned: Whether something is odd about each, so that nobody accepts it unseen; shape (n,).
    """

    keys: tuple[str, ...]
    images: Images
    warned: Flags


def production_images(parts: Parts) -> ProductionImages:
    """Read the last images that were scored, at most `settings.replay_images` of them.

    What was overwritten or deleted since, or is no longer decoded, is left out.
    """
    settings, limits = parts.settings, Limits.of(parts.settings)

    def fetch(version: ObjectVersion) -> Decoded | None:
        try:
            result = decode(parts.inbox.fetch(version), limits)
        except (ObjectGone, ObjectChanged, AccessDenied):
            return None
        return result if isinstance(result, Decoded) else None

    versions = list(islice(_last_scored(parts.results), settings.replay_images))
    with ThreadPoolExecutor(settings.read_threads, thread_name_prefix="replay") as pool:
        fetched = zip(versions, pool.map(fetch, versions), strict=True)
        kept = [(version.key, image) for version, image in fetched if image is not None]
    return ProductionImages(
        keys=tuple(key for key, _ in kept),
        images=np.array([image.pixels for _, image in kept], np.uint8).reshape(-1, SIDE, SIDE),
        warned=np.array([bool(image.warnings) for _, image in kept], bool),
    )


def compare_predictions(
    production: ProductionImages,
    champion: tuple[Probabilities, float],
    candidate: tuple[Probabilities, float],
) -> Replay:
    """Compare two models on production images.

    Both predict the same pixels now: rows in the store may come from an older champion or an older
    preprocessing, and their changes are not the candidate's.

    Args:
        production: The images, n of them.
        champion: Its probabilities, shape (n, 10), and the confidence from which it is accepted.
        candidate: The same of the candidate.
    """
    before, after = (probabilities.argmax(axis=1) for probabilities, _ in (champion, candidate))
    flips: Counter[tuple[int, int]] = Counter()
    examples: dict[tuple[int, int], list[str]] = {}
    for index in np.flatnonzero(before != after):
        pair = int(before[index]), int(after[index])
        flips[pair] += 1
        if flips[pair] <= _KEYS_SHOWN:
            examples.setdefault(pair, []).append(production.keys[index])
    return Replay(
        images=len(production.keys),
        flips=dict(flips),
        accepted_before=_accepted(production, *champion),
        accepted_after=_accepted(production, *candidate),
        examples=examples,
    )


def _accepted(production: ProductionImages, probabilities: Probabilities, least: float) -> float:
    if not production.keys:
        return 0.0
    confident = probabilities.reshape(-1, CLASSES).max(axis=1) >= least
    return float((confident & ~production.warned).mean())


def _last_scored(results: Results) -> Iterator[ObjectVersion]:
    """Yield object versions with a prediction, those of the batch that was finished last first."""
    receipts = results.latest_receipts().by_batch.values()
    newest_first = sorted(receipts, key=lambda receipt: receipt.run.finished_at, reverse=True)
    seen: set[tuple[str, str]] = set()
    for receipt in newest_first:
        for _, table in results.parts(receipt.batch, _COLUMNS):
            rows = zip(*(table[name].to_pylist() for name in _COLUMNS), strict=True)
            for key, etag, size, outcome in rows:
                if outcome == Outcome.SCORED and (key, etag) not in seen:
                    seen.add((key, etag))
                    yield ObjectVersion(key, etag, size)
