"""Labelled images and the predictions of one version for them, as tiles that lead on."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from dashboard.components import cached
from dashboard.components.batch_rows import versions_of
from dashboard.components.gallery import gallery, prediction_tiles
from dashboard.components.labelled_predictions import LabelledPredictions
from dashboard.components.links import go_to, image_of_batch, image_of_test
from dashboard.components.pictures import Rendering, Thumbnail, thumbnails_of
from mnist.errors import InvalidDataset
from mnist.evaluation.known_label_errors import known_label_errors


@dataclass(frozen=True, eq=False)
class EvaluatedImages:
    """Labelled images and what was predicted for them.

    Attributes:
        version: Model version that predicted the test images; empty for a batch, whose images
            several versions may have scored.
        batch: The batch they lie in; None for the test images.
        predictions: What was predicted; for a batch, what was recorded when it was scored.
    """

    version: str
    batch: str | None
    predictions: LabelledPredictions

    def label_errors(self) -> Mapping[int, int | None]:
        """Wrong labels that public audits found: row -> right digit, None where none is."""
        return known_label_errors(self.predictions.labels) if self.batch is None else {}

    def pictures(self, page: pd.DataFrame) -> list[Thumbnail]:
        """Fetch the pictures of some rows, in order."""
        if self.batch is not None:
            return cached.thumbnails(versions_of(page), Rendering.MODEL)
        try:
            images = cached.test_images(self.version)
        except InvalidDataset:
            return [Thumbnail(None, "MNIST is not here")] * len(page)
        return thumbnails_of(images[page.index.to_numpy()])

    def addresses(self, page: pd.DataFrame) -> list[str]:
        """Name each row as the page of one image does."""
        if self.batch is None:
            return [image_of_test(self.version, int(row)) for row in page.index]
        return [image_of_batch(self.batch, version) for version in versions_of(page)]


def show_tiles(
    images: EvaluatedImages,
    page: pd.DataFrame,
    label: str,
    remarks: Mapping[int, str] | None = None,
    key: str = "gallery",
) -> None:
    """Draw a page of rows as tiles that lead to the page of one image.

    `label` says what they are to those who do not see them; `remarks` adds to the tiles of rows.
    """
    pictures, addresses = images.pictures(page), images.addresses(page)
    tiles = prediction_tiles(page, pictures, addresses, images.label_errors(), remarks)
    go_to("image", gallery(tiles, label, key))
