"""Labelled images and the predictions of one version for them, as tiles that lead on."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard.components import cached
from dashboard.components.batch_rows import versions_of
from dashboard.components.gallery import gallery, prediction_tiles
from dashboard.components.labelled_predictions import LabelledPredictions
from dashboard.components.links import go_to, image_of_batch, image_of_test
from dashboard.components.pictures import Rendering, Thumbnail, thumbnails_of
from dashboard.components.verdicts import (
    NOT_JUDGED,
    give_verdict,
    offer_verdicts,
    show_verdict_result,
    standing,
)
from mnist.errors import InvalidDataset
from mnist.evaluation.known_label_errors import known_label_errors
from mnist.keys import batch_of
from mnist.reviews.verdict import ErrorFault, Misclassified

EVERY_BATCH = "every labelled batch"
"""In the place of a batch: all images of production whose digit people have settled."""


@dataclass(frozen=True, eq=False)
class EvaluatedImages:
    """Labelled images and what was predicted for them.

    Attributes:
        version: Model version that predicted the test images; empty for a batch, whose images
            several versions may have scored.
        batch: The batch they lie in, or EVERY_BATCH; None for the test images.
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
        return [image_of_batch(batch_of(version.key), version) for version in versions_of(page)]

    def misclassified(self, page: pd.DataFrame) -> dict[int, Misclassified]:
        """Name the misclassified images among some rows, by row; none whose content is not here."""
        wrong = page[~page["right"].to_numpy(bool)]
        try:
            records = self._contents(wrong)
        except InvalidDataset:
            return {}
        return {
            int(row): Misclassified(label=int(label), predicted=int(digit), **content)
            for row, label, digit, content in zip(
                wrong.index, wrong["label"], wrong["digit"], records, strict=True
            )
        }

    def _contents(self, wrong: pd.DataFrame) -> list[dict[str, Any]]:
        """Say of each row what its content is, and which version predicted it."""
        if self.batch is None:
            images = cached.test_images(self.version)
            return [
                {
                    "sha256": hashlib.sha256(images[row].tobytes()).hexdigest(),
                    "model_version": self.version,
                    "test_image": int(row),
                }
                for row in wrong.index
            ]
        return [
            {
                "sha256": sha256,
                "model_version": str(model),
                "key": place.key,
                "etag": place.etag,
                "size": place.size,
            }
            for sha256, model, place in zip(
                wrong["sha256"], wrong["version"], versions_of(wrong), strict=True
            )
        ]

    def with_verdicts(self) -> pd.DataFrame:
        """Join the predictions with what people said of the misclassified ones.

        Returns:
            The frame of the predictions with the columns `verdict` and `judged_by`, which are empty
            for right predictions.
        """
        frame, verdicts = self.predictions.frame, standing()
        columns = pd.DataFrame("", index=frame.index, columns=["verdict", "judged_by"])
        columns.loc[~frame["right"], "verdict"] = NOT_JUDGED
        for row, image in self.misclassified(frame).items() if verdicts else ():
            verdict = verdicts.get((image.sha256, image.label))
            if verdict is not None:
                columns.loc[row] = [str(verdict.fault), verdict.who]
        return frame.join(columns)


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
    rows = images.misclassified(page)
    opened = zip(addresses, page.index, strict=True)
    wrong = {address: rows[row] for address, row in opened if row in rows}
    offer_verdicts(tiles, wrong)
    show_verdict_result()

    def give(address: str, fault: str) -> None:
        give_verdict(wrong[address], ErrorFault(fault))

    go_to("image", gallery(tiles, label, key, give))
