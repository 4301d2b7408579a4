"""What versions read in labelled images, remembered; shared by everybody, never to be changed."""

from __future__ import annotations

import streamlit as st

from dashboard import cached, wiring
from dashboard.queries import readings as queries
from mnist.data.datasets import Dataset, load_dataset
from mnist.digits import Images
from mnist.errors import InvalidDataset
from mnist.evaluation import weak_slices
from mnist.evaluation.slices import crossed_slices
from mnist.evaluation.statistics import Flags
from mnist.evaluation.weak_slices import SliceReport
from mnist.keys import batch_of
from mnist.registry.records import Version, VersionDetails
from mnist.reviews.agreement import consensuses

_VERSIONS_SHOWN = 100
_ONE_PERSON = 1
"""A digit that somebody looked at and nobody contradicted is good enough to measure by."""


@st.cache_resource(ttl=10, show_spinner=False)
def versions() -> list[Version]:
    """The registered versions, the newest first."""
    return wiring.catalogue().versions(_VERSIONS_SHOWN)


@st.cache_resource(ttl=600, max_entries=200, show_spinner=False)
def details(version: str) -> VersionDetails:
    """A version and its run."""
    return wiring.catalogue().version(version)


@st.cache_resource(max_entries=8, show_spinner="Reading what this version read …")
def of_test_images(version: str) -> queries.Readings:
    """What a version reads in the test images; this never changes."""
    return queries.of_test_images(wiring.catalogue(), details(version))


@st.cache_resource(ttl=10, show_spinner=False)
def settled_digits() -> tuple[dict[str, int], tuple[str, ...]]:
    """What people settled: SHA-256 of an image -> digit, and the batches such images lie in."""
    found = consensuses(wiring.review_log().recorded().reviews, _ONE_PERSON)
    settled = [c for c in found.values() if c.answer is not None and c.answer.digit is not None]
    digits = {c.sha256: c.answer.digit for c in settled if c.answer and c.answer.digit is not None}
    batches = {batch_of(version.key) for consensus in settled for version in consensus.versions}
    return digits, tuple(sorted(batches))


@st.cache_resource(ttl=10, max_entries=4, show_spinner=False)
def of_batch(batch: str) -> queries.Readings | None:
    """What was read in the images of a batch whose digit people have settled."""
    digits, _ = settled_digits()
    return queries.of_batch(cached.rows(batch, cached.part_keys(batch)), digits)


@st.cache_resource(show_spinner="Loading MNIST …")
def dataset() -> Dataset:
    """The training and test images on this machine; the network is not asked."""
    return load_dataset(wiring.settings().data_dir, download=False)


def test_images(version: str) -> Images:
    """The test images that a version was measured on.

    Raises:
        InvalidDataset: If this machine has other ones.
    """
    known = details(version).tags
    test = dataset().test
    if test.digest != known.get("test_digest"):
        raise InvalidDataset(
            f"Version {version} was measured on images of {known.get('dataset', 'unknown origin')} "
            "that are not on this machine, so there are numbers and no pictures; set "
            "MNIST_DATA_DIR to the folder it was trained from."
        )
    return test.images


@st.cache_resource(max_entries=8, show_spinner="Measuring strokes …")
def slices(version: str) -> dict[str, Flags]:
    """The slices of the test images of a version."""
    images = test_images(version)
    return crossed_slices(images, dataset().test.labels, dataset().test_writers)


@st.cache_resource(max_entries=8, show_spinner=False)
def slice_reports(version: str) -> list[SliceReport]:
    """How a version reads each slice, the most surely weak first."""
    right = of_test_images(version).frame["right"].to_numpy(bool)
    return weak_slices.slice_reports(right, slices(version))
