"""Labelled images and the predictions of one version for them, as tiles that lead on."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from dashboard.components import annotations, cached
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
from mnist.reviews.annotation import MOST_IMAGES
from mnist.reviews.content import ImageContent
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
            contents = self.contents(wrong)
        except InvalidDataset:
            return {}
        models = [self.version] * len(wrong) if self.batch is None else wrong["version"]
        columns = (wrong.index, wrong["label"], wrong["digit"], models)
        return {
            int(row): Misclassified(
                label=int(label),
                predicted=int(digit),
                model_version=str(model),
                **content.model_dump(),
            )
            for content, row, label, digit, model in zip(contents, *columns, strict=True)
        }

    def digests(self, page: pd.DataFrame) -> pd.Series:
        """Give the digest of each row's content; missing where it is not here."""
        if self.batch is not None:
            return page["sha256"]
        try:
            images = cached.test_images(self.version)
        except InvalidDataset:
            return pd.Series(None, index=page.index, dtype="str")
        digests = [hashlib.sha256(images[row].tobytes()).hexdigest() for row in page.index]
        return pd.Series(digests, index=page.index, dtype="str")

    def contents(self, page: pd.DataFrame) -> list[ImageContent]:
        """Name the image of each row.

        Raises:
            InvalidDataset: If the test images are not here.
        """
        if self.batch is not None:
            return [
                ImageContent(sha256=sha256, key=place.key, etag=place.etag, size=place.size)
                for sha256, place in zip(page["sha256"], versions_of(page), strict=True)
            ]
        cached.test_images(self.version)
        return [
            ImageContent(sha256=sha256, test_image=int(row))
            for row, sha256 in zip(page.index, self.digests(page), strict=True)
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

    def offer_annotation(self, page: pd.DataFrame) -> None:
        """Draw the button that writes notes and tags on these rows."""
        first = page.head(MOST_IMAGES)
        annotations.offer_annotation(lambda: self.digests(page), lambda: self.contents(first))

    def carrying(self, page: pd.DataFrame, tags: Sequence[str]) -> pd.DataFrame:
        """Keep the rows whose images carry one of these tags; all of them without tags."""
        return page[annotations.carrying(self.digests(page), tags)] if tags else page


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
    annotations.show_on_tiles(tiles, dict(zip(addresses, images.digests(page), strict=True)))
    show_verdict_result()

    def give(address: str, fault: str) -> None:
        give_verdict(wrong[address], ErrorFault(fault))

    go_to("image", gallery(tiles, label, key, give))
