"""Replay: what would change in production if the candidate were champion."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np

from mnist.digits import SIDE, Images, Labels, Outputs
from mnist.errors import AccessDenied, ObjectChanged, ObjectGone
from mnist.evaluation.statistics import Flags
from mnist.images import Decoded
from mnist.keys import ObjectVersion
from mnist.parts import Parts
from mnist.promotion import Replay
from mnist.reviews.trust import trusted_labels
from mnist.scoring.predictions import PinnedModel, columns_of
from mnist.storage.results import Results

_KEYS_SHOWN = 5
_UNKNOWN = -1
_COLUMNS = ("key", "etag", "bytes", "sha256", "digit")


@dataclass(frozen=True, eq=False)
class ProductionImages:
    """Images that production has scored.

    Attributes:
        keys: Where each lies in the inbox, n of them.
        images: As a model is given them, shape (n, 28, 28), uint8.
        warned: Whether something is odd about each, so that nobody accepts it unseen; shape (n,).
        labels: The digit that people agreed on, shape (n,); -1 where they have not.
    """

    keys: tuple[str, ...]
    images: Images
    warned: Flags
    labels: Labels


def production_images(parts: Parts) -> ProductionImages:
    """Read the last images that were scored, at most `settings.replay_images` of them.

    What was overwritten or deleted since, or is no longer decoded, is left out.
    """
    return images_of(parts, list(islice(_last_scored(parts.results), parts.settings.replay_images)))


def images_of(
    parts: Parts, scored: Sequence[tuple[ObjectVersion, str]], most: int | None = None
) -> ProductionImages:
    """Read images that were scored; what is gone or no longer decoded is left out.

    Args:
        parts: Inbox and reviews.
        scored: Object versions with the SHA-256 of their contents.
        most: No more than so many are kept; those at the front are asked first.
    """
    settings = parts.settings
    agreed = trusted_labels(list(parts.reviews.recorded()), settings.reviews_needed).agreed
    digits = {label.sha256: int(label.answer) for label in agreed if label.answer is not None}

    def fetch(version: ObjectVersion) -> Decoded | None:
        try:
            result = parts.inbox.decode(version)
        except (ObjectGone, ObjectChanged, AccessDenied):
            return None
        return result if isinstance(result, Decoded) else None

    kept: list[tuple[str, Decoded, int]] = []
    rest, most = list(scored), len(scored) if most is None else most
    with ThreadPoolExecutor(settings.read_threads, thread_name_prefix="replay") as pool:
        while rest and len(kept) < most:
            asked, rest = rest[: most - len(kept)], rest[most - len(kept) :]
            fetched = zip(asked, pool.map(fetch, (version for version, _ in asked)), strict=True)
            kept += [
                (version.key, image, digits.get(sha256, _UNKNOWN))
                for (version, sha256), image in fetched
                if image is not None
            ]
    return ProductionImages(
        keys=tuple(key for key, _, _ in kept),
        images=np.array([image.pixels for _, image, _ in kept], np.uint8).reshape(-1, SIDE, SIDE),
        warned=np.array([bool(image.warnings) for _, image, _ in kept], bool),
        labels=np.array([label for _, _, label in kept], np.int64),
    )


def compare_predictions(
    production: ProductionImages,
    champion: tuple[Outputs, PinnedModel],
    candidate: tuple[Outputs, PinnedModel],
) -> Replay:
    """Compare two models on production images.

    Both predict the same pixels now: rows in the store may come from an older champion or an older
    preprocessing, and their changes are not the candidate's.

    Args:
        production: The images, n of them.
        champion: What it predicts for them, and the thresholds by which it is accepted.
        candidate: The same of the candidate.
    """
    one, other = (
        columns_of(outputs, production.warned, model) for outputs, model in (champion, candidate)
    )
    before, after, labels = one.digit, other.digit, production.labels
    is_labelled = labels != _UNKNOWN
    flips: Counter[tuple[int, int]] = Counter()
    examples: dict[tuple[int, int], list[str]] = {}
    changed = np.flatnonzero((before != after) & ~is_labelled)
    for index in changed:
        pair = int(before[index]), int(after[index])
        flips[pair] += 1
        if flips[pair] <= _KEYS_SHOWN:
            examples.setdefault(pair, []).append(production.keys[index])
    was_right, is_right = before == labels, after == labels
    return Replay(
        images=len(production.keys),
        flips=dict(flips),
        accepted_before=_share(one.accepted),
        accepted_after=_share(other.accepted),
        newly_accepted=int((other.accepted & ~one.accepted).sum()),
        no_longer_accepted=int((one.accepted & ~other.accepted).sum()),
        changed_confidence=float(one.confidence[changed].mean()) if len(changed) else 1.0,
        labelled=int(is_labelled.sum()),
        gained=int((is_labelled & is_right & ~was_right).sum()),
        lost=int((is_labelled & was_right & ~is_right).sum()),
        other=int((is_labelled & ~was_right & ~is_right & (before != after)).sum()),
        examples=examples,
    )


def _share(accepted: Flags) -> float:
    return float(accepted.mean()) if len(accepted) else 0.0


def _last_scored(results: Results) -> Iterator[tuple[ObjectVersion, str]]:
    """Yield what has a digit, with the SHA-256 of its content; the batch finished last is first."""
    receipts = results.latest_receipts().by_batch.values()
    newest_first = sorted(receipts, key=lambda receipt: receipt.run.finished_at, reverse=True)
    seen: set[tuple[str, str]] = set()
    for receipt in newest_first:
        for _, table in results.parts(receipt.batch, _COLUMNS):
            rows = zip(*(table[name].to_pylist() for name in _COLUMNS), strict=True)
            for key, etag, size, sha256, digit in rows:
                if digit is not None and (key, etag) not in seen:
                    seen.add((key, etag))
                    yield ObjectVersion(key, etag, size), sha256
