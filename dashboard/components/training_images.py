"""Training images as the last check of their labels predicted them, out of fold."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st

from dashboard.components.evaluated_images import EvaluatedImages
from dashboard.components.labelled_predictions import (
    LabelledPredictions,
    labelled_predictions,
    probabilities_in,
)
from dashboard.components.links import image_of_training
from dashboard.components.pictures import Thumbnail, thumbnails_of
from mnist import services
from mnist.digits import SIDE, Image
from mnist.errors import IntegrityError
from mnist.registry.catalogue import LABEL_CHECK
from mnist.registry.records import TrainingRun
from mnist.reviews.content import ImageContent
from mnist.tables import from_parquet

_NO_PICTURE = "kept only where the label is contradicted"


@dataclass(frozen=True, eq=False)
class TrainingImages(EvaluatedImages):
    """Training images and what a network predicted for each that had not learned from it.

    `version` is the name of the check's run; the frame has the columns `source`, `key` (of a
    reviewed image in the inbox) and `sha256` (of the pixels) besides.
    """

    pixels: Mapping[str, Image]

    def label_errors(self) -> Mapping[int, int | None]:
        """No public audit is kept of training labels."""
        return {}

    def pictures(self, page: pd.DataFrame) -> list[Thumbnail]:
        """Draw the images whose label is contradicted; no others are kept."""
        pixels = [self.pixels.get(sha256) for sha256 in page["sha256"]]
        return [
            Thumbnail(None, _NO_PICTURE) if image is None else thumbnails_of(image[None])[0]
            for image in pixels
        ]

    def addresses(self, page: pd.DataFrame) -> list[str]:
        """Name each row as the page of one image does."""
        return [image_of_training(sha256) for sha256 in page["sha256"]]

    def digests(self, page: pd.DataFrame) -> pd.Series:
        """Give the digest of each row's pixels."""
        return page["sha256"]

    def contents(self, page: pd.DataFrame) -> list[ImageContent]:
        """Name the image of each row."""
        return [
            ImageContent(sha256=sha256, source=source)
            for sha256, source in zip(page["sha256"], page["source"], strict=True)
        ]

    def of_source(self, source: str) -> "TrainingImages":
        """Keep the images of one source."""
        frame, probabilities = self.predictions.frame, self.predictions.probabilities
        rows = (frame["source"] == source).to_numpy()
        return replace(self, predictions=LabelledPredictions(frame[rows], probabilities[rows]))

    def with_digest(self, sha256: str) -> pd.DataFrame:
        """Find the image with these pixels; an empty frame if there is none."""
        frame = self.predictions.frame
        return frame[frame["sha256"] == sha256].head(1)


@st.cache_resource(ttl=10, show_spinner=False)
def last_check() -> TrainingRun | None:
    """The last finished check of the labels; None if there is none."""
    return services.current().catalogue.label_check()


def training_images(source: str | None = None) -> TrainingImages | None:
    """Fetch what the last check predicted, for one source or for all; None if there was none."""
    run = last_check()
    if run is None:
        return None
    return _images(run.run_id, run) if source is None else _of_source(run.run_id, run, source)


@st.cache_resource(max_entries=1, show_spinner="Fetching the predictions of this check …")
def _images(run_id: str, _run: TrainingRun) -> TrainingImages | None:  # noqa: ARG001
    content = services.current().catalogue.file(_run, LABEL_CHECK)
    return None if content is None else images_of_check(content, _run.name)


@st.cache_resource(max_entries=8, show_spinner=False)
def _of_source(run_id: str, _run: TrainingRun, source: str) -> TrainingImages | None:
    """Remembered, because its evaluation is."""
    images = _images(run_id, _run)
    return None if images is None else images.of_source(source)


def images_of_check(content: bytes, name: str) -> TrainingImages:
    """Parse what a check kept.

    Args:
        content: `label-check.parquet` of its run.
        name: Of the run.

    Raises:
        IntegrityError: If it is damaged.
    """
    try:
        table = from_parquet(content)
        predictions = labelled_predictions(
            table["label"].to_numpy().astype(np.int64), probabilities_in(table)
        )
        digests = [digest.hex() for digest in table["sha256"].to_pylist()]
        pixels = zip(digests, table["pixels"].to_pylist(), strict=True)
        sources = table["source"].to_pandas().astype(str)
        frame = predictions.frame.assign(
            name=[f"{source}, training image {row}" for row, source in enumerate(sources)],
            source=sources,
            key=table["key"].to_pandas().astype(str),
            sha256=digests,
        )
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise IntegrityError(
            f"{LABEL_CHECK} of run {name!r} cannot be read ({error}); check the labels again."
        ) from error
    return TrainingImages(
        name,
        None,
        LabelledPredictions(frame, predictions.probabilities),
        {sha: np.frombuffer(raw, np.uint8).reshape(SIDE, SIDE) for sha, raw in pixels if raw},
    )
