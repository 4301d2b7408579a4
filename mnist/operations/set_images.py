"""Images besides MNIST's: what trainings learn from and what versions are measured on."""

from collections.abc import Iterator

import numpy as np
import structlog

from mnist.data.added import HANDS, LABELLED_SET, AddedImages
from mnist.data.digests import Digests, pixel_digests, short_digests
from mnist.data.hands import load_hands
from mnist.data.labelled import LabelledImages
from mnist.data.labelled_sets import by_kind, load_labelled_sets
from mnist.data.set_uses import Use
from mnist.digits import SIDE, Image
from mnist.images import Decoded, Limits, decode, preprocessing_digest
from mnist.parts import Parts
from mnist.storage.stored_sets import SetManifest
from mnist.training.recipes import Recipe

_PIXELS = ("label", "kind", "writer", "use", "content", "pixels")

_log = structlog.get_logger(__name__)


class SetImages:
    """Labelled sets, from a folder and from the store, and public hands."""

    def __init__(self, parts: Parts) -> None:
        self._settings = parts.settings
        self._limits = Limits.of(parts.settings)
        self._sets = parts.stored_sets

    def to_evaluate(self) -> dict[str, LabelledImages]:
        """Load all images that evaluate, by the name of their set.

        Sets of MNIST_REAL_WORLD_DIR and those imported for it; one of the folder whose name was
        also imported is called `folder/NAME`.

        Raises:
            InvalidDataset: If the folder is missing or a set in it is none.
            IntegrityError: If something of an imported set is damaged.
        """
        sets: dict[str, LabelledImages] = {}
        for name, manifest in self._sets.current().items():
            if manifest.report.total(Use.EVALUATE):
                images, kinds, _ = self._load(manifest, Use.EVALUATE)
                sets |= by_kind(name, images, kinds)
        of_folder = load_labelled_sets(self._settings.real_world_dir, self._limits)
        return sets | {
            f"folder/{name}" if name in sets else name: images for name, images in of_folder.items()
        }

    def to_train(
        self, recipe: Recipe | None, test: LabelledImages, evaluate: dict[str, LabelledImages]
    ) -> list[AddedImages]:
        """Load all images that are learned from besides the dataset's.

        Args:
            recipe: Says whether public hands are among them; None takes nothing at all.
            test: Test images of the dataset.
            evaluate: Images of `to_evaluate`; neither they nor any that was ever imported to
                evaluate is among the result.
        """
        if recipe is None:
            return []
        evaluated = self._evaluated(evaluate)
        tested = pixel_digests(test.images)
        added = []
        for manifest in self._sets.current().values():
            if manifest.report.total(Use.TRAIN):
                images, _, contents = self._load(manifest, Use.TRAIN)
                own = AddedImages(
                    manifest.name, LABELLED_SET, images, manifest.digests.sha256, manifest.who
                )
                added.append(own.without(evaluated, tested, contents))
        for hands in load_hands(self._settings.hands_dir) if recipe.hands else []:
            public = AddedImages(
                hands.name,
                HANDS,
                hands.images,
                hands.sha256,
                repeats=recipe.hands,
                originals=hands.originals,
            )
            added.append(public.without(evaluated, tested))
        return [source for source in added if source.images.n]

    def _evaluated(self, evaluate: dict[str, LabelledImages]) -> Digests:
        pixels = [pixel_digests(images.images) for images in evaluate.values()]
        return np.concatenate([self._sets.digests_of(Use.EVALUATE), *pixels])

    def _load(self, manifest: SetManifest, use: Use) -> tuple[LabelledImages, list[str], Digests]:
        """Load the images of a set with one use, their kinds, and the digests of their files."""
        rows = [
            row
            for table in self._sets.tables(manifest.pixels, _PIXELS)
            for row in table.to_pylist()
            if row["use"] == use.value
        ]
        if manifest.preprocessing == preprocessing_digest():
            pixels = [np.frombuffer(row["pixels"], np.uint8).reshape(SIDE, SIDE) for row in rows]
        else:
            again = dict(self._decoded_again(manifest, {row["content"] for row in rows}))
            rows = [row for row in rows if row["content"] in again]
            pixels = [again[row["content"]] for row in rows]
        writers = [row["writer"] for row in rows]
        images = LabelledImages(
            np.array(pixels, np.uint8).reshape(-1, SIDE, SIDE),
            np.array([row["label"] for row in rows], np.int64),
            numbered(writers),
        )
        contents = short_digests(row["content"] for row in rows)
        return images, [row["kind"] for row in rows], contents

    def _decoded_again(
        self, manifest: SetManifest, contents: set[bytes]
    ) -> Iterator[tuple[bytes, Image]]:
        """Decode the files as they came: the preprocessing has changed since the import."""
        _log.info("labelled-set.decoded-again", set=manifest.name, images=len(contents))
        for table in self._sets.tables(manifest.files):
            for row in table.to_pylist():
                if row["content"] in contents:
                    result = decode(row["bytes"], self._limits)
                    if isinstance(result, Decoded):
                        yield row["content"], result.pixels


def numbered(writers: list[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]] | None:
    """Number writers by name, each unknown one by itself; None if none is known."""
    if not any(writers):
        return None
    names = [writer or f"\0{row}" for row, writer in enumerate(writers)]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)
