"""What the page Errors is about: a model version, and labelled images that it read."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboard import cached, cached_readings
from dashboard.parts.versions import choose_version, usual_version
from dashboard.pictures import thumbnails_of
from dashboard.queries.readings import Readings, evaluation_of
from dashboard.texts import code, plain
from dashboard.thumbnails import Rendering, Thumbnail
from mnist.errors import InvalidDataset, InvalidInput
from mnist.evaluation.metrics import Evaluation
from mnist.keys import ObjectVersion

_TEST = "test images"


@dataclass(frozen=True, eq=False)
class Subject:
    """Labelled images and what was read in them.

    Attributes:
        version: Model version that is chosen.
        batch: The batch they lie in; None for the test images.
        readings: What was read; a batch keeps what was recorded when it was scored.
    """

    version: str
    batch: str | None
    readings: Readings

    @property
    def evaluation(self) -> Evaluation:
        """How good the readings are."""
        return evaluation_of(self.readings)

    def pictures(self, chosen: pd.DataFrame) -> list[Thumbnail]:
        """Fetch the pictures of some readings, in order."""
        if self.batch is not None:
            return cached.thumbnails_of(object_versions(chosen), Rendering.READ)
        try:
            images = cached_readings.test_images(self.version)
        except InvalidDataset:
            return [Thumbnail(None, "MNIST is not here")] * len(chosen)
        return thumbnails_of(images[chosen.index.to_numpy()])


def object_versions(chosen: pd.DataFrame) -> tuple[ObjectVersion, ...]:
    """Name the object versions behind readings of a batch."""
    columns = (chosen[name] for name in ("key", "etag", "bytes"))
    return tuple(ObjectVersion(*values) for values in zip(*columns, strict=True))


def choose_subject() -> Subject | None:
    """Ask for a version and for images, and say what is missing where there are none."""
    versions = cached_readings.versions()
    if not versions:
        st.info(
            "No model has been trained yet, so there are no errors to look at. Run "
            "`prefect deployment run 'retrain/default'` first."
        )
        return None
    left, right = st.columns(2)
    with left:
        version = choose_version("Model version", "version", versions, usual_version(versions))
    batches = cached_readings.settled_digits()[1]
    asked = st.query_params.get("of")
    if asked is not None and asked not in (_TEST, *batches):
        st.warning(
            f"Nobody has labelled images of a batch {code(asked)}; the test images are shown."
        )
    with right:
        images = st.selectbox(
            "Images",
            [_TEST, *batches],
            key="of",
            bind="query-params",
            help="The test images, or a batch of which people have labelled some images on the "
            "page Review. A batch shows what was recorded when it was scored.",
        )
    return _subject(version, images)


def _subject(version: str, images: str) -> Subject | None:
    if images == _TEST:
        _warn_without_pictures(version)
        return Subject(version, None, cached_readings.of_test_images(version))
    found = cached_readings.of_batch(images)
    if found is None:
        st.info(
            f"No image of batch {code(images)} that was scored has a settled label; look through "
            "it on the page Review."
        )
        return None
    st.caption(
        f"{len(found.frame):,} images of the batch have a label from a person. They were chosen "
        "for review, so their error rate says nothing about the whole batch."
    )
    return Subject(version, images, found)


def _warn_without_pictures(version: str) -> None:
    try:
        cached_readings.test_images(version)
    except (InvalidDataset, InvalidInput) as error:
        st.warning(plain(str(error)))
