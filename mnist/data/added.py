"""Images that join MNIST's in a training: public hands, and labelled sets of one's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mnist.data.digests import Digests, pixel_digests
from mnist.data.labelled import LabelledImages, concatenate
from mnist.data.wrong_labels import WRONG_LABEL, WrongLabels

_MOST_REPEATS = 10

EVALUATES = "evaluates, so it is never learned from"
TEST_IMAGE = "is a test image"

HANDS = "public hands"
LABELLED_SET = "labelled set"


@dataclass(frozen=True, eq=False)
class AddedImages:
    """Images of one source to learn from, besides those of the dataset.

    Attributes:
        name: Of the source, such as `usps` or the name of a labelled set.
        kind: `HANDS` or `LABELLED_SET`.
        images: What is learned from.
        digest: SHA-256 that names the source: of a public file, or of an import.
        who: Who vouches for the labels; empty for public ones.
        repeats: How often each is shown per epoch.
        left_out: Why -> images that are not learned from.
        originals: Which digit of the source each image shows, shape (n,), where a digit is drawn
            several times; None where each image is one of its own.
    """

    name: str
    kind: str
    images: LabelledImages
    digest: str
    who: str = ""
    repeats: int = 1
    left_out: Mapping[str, int] = field(default_factory=dict)
    originals: NDArray[np.int64] | None = None

    def without(self, evaluated: Digests, tested: Digests, contents: Digests | None = None) -> Self:
        """Leave out what evaluates: learned, it would flatter.

        Args:
            evaluated: Digests of contents and pixels of evaluation images.
            tested: Digests of the pixels of test images.
            contents: Digests of the files of these images, shape (n,), where they are known.
        """
        pixels = pixel_digests(self.images.images)
        evaluates = np.isin(pixels, evaluated)
        if contents is not None:
            evaluates |= np.isin(contents, evaluated)
        return self._keep(~evaluates, EVALUATES)._keep_of(pixels[~evaluates], tested)

    def without_labels(self, wrong: WrongLabels) -> Self:
        """Leave out images whose label a person found wrong."""
        return self._keep(~wrong.rows(self.images), WRONG_LABEL)

    def _keep_of(self, pixels: Digests, tested: Digests) -> Self:
        return self._keep(~np.isin(pixels, tested), TEST_IMAGE)

    def _keep(self, kept: NDArray[np.bool_], why: str) -> Self:
        lost = int((~kept).sum())
        if not lost:
            return self
        return replace(
            self,
            images=self.images.take(np.flatnonzero(kept)),
            left_out={**self.left_out, why: lost},
            originals=None if self.originals is None else self.originals[kept],
        )


def with_repeats(
    added: Sequence[AddedImages], training_images: int, share: float
) -> list[AddedImages]:
    """Say how often the images of labelled sets are shown per epoch.

    All of them are learned from, however many there are: somebody vouches for their labels. Few
    ones are shown up to ten times, or among thousands of others they would be forgotten.

    Args:
        added: Public hands stay as they are.
        training_images: How many others there are.
        share: Of the other training images that labelled sets together are brought up to, 0-1.
    """
    own = sum(source.images.n for source in added if source.kind == LABELLED_SET)
    repeats = min(max(int(share * training_images) // max(own, 1), 1), _MOST_REPEATS)
    return [
        replace(source, repeats=repeats) if source.kind == LABELLED_SET else source
        for source in added
    ]


def joined(train: LabelledImages, added: Sequence[AddedImages], repeats: int = 1) -> LabelledImages:
    """Put added images behind other training images, each as often as it is shown."""
    others = (source.images for source in added for _ in range(source.repeats))
    return concatenate([*[train] * repeats, *others])


def describe_sources(
    source: str,
    digest: str,
    images: int,
    added: Sequence[AddedImages],
    repeats: int = 1,
    left_out: Mapping[str, int] | None = None,
) -> list[dict[str, Any]]:
    """List what a training learns from, as JSON types, with each source's share of an epoch.

    Args:
        source: Data source of the dataset.
        digest: Of its training images.
        images: How many of them are learned from.
        added: What joins them.
        repeats: How often the dataset's are shown per epoch.
        left_out: Why -> images of the dataset that are not learned from.
    """
    total = images * repeats + sum(other.images.n * other.repeats for other in added)
    rows: list[tuple[Any, ...]] = [
        ("dataset", source, digest, images, repeats, "", dict(left_out or {}))
    ]
    rows += [
        (e.kind, e.name, e.digest, e.images.n, e.repeats, e.who, dict(e.left_out)) for e in added
    ]
    return [
        {
            "kind": kind,
            "name": name,
            "digest": sha256,
            "images": count,
            "repeats": repeats,
            "share": count * repeats / total,
            "who": who,
            "left_out": left_out,
        }
        for kind, name, sha256, count, repeats, who, left_out in rows
    ]
