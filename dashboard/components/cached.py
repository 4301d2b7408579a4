"""Queries remembered for a while, so that one look asks store and registry once.

Answers are shared by everybody who looks: never change them in place. Errors are not remembered.
"""

import streamlit as st

from dashboard.components import batch_list, batch_rows, pictures
from dashboard.components import champion as champions
from dashboard.components import labelled_predictions as predictions
from dashboard.components.batch_list import Batches
from dashboard.components.batch_rows import BatchRows
from dashboard.components.decisions import RunningCanary
from dashboard.components.labelled_predictions import LabelledPredictions
from mnist import services
from mnist.data.datasets import Dataset, load_dataset
from mnist.digits import Images
from mnist.errors import InvalidDataset, MnistError
from mnist.keys import ObjectVersion, batch_of
from mnist.registry.records import Version, VersionDetails
from mnist.reviews.agreement import consensuses
from mnist.scoring.features import FeatureExtractor, Features
from mnist.scoring.graphs import Predictor
from mnist.storage.journal import JournalEntry
from mnist.storage.object_log import Entries

_VERSIONS_SHOWN = 100
_ONE_PERSON = 1
"""A digit that somebody looked at and nobody contradicted is good enough to measure by."""


@st.cache_resource(ttl=10, show_spinner=False)
def champion() -> champions.Champion:
    """The champion and its evaluation."""
    return champions.champion(services.current().catalogue)


@st.cache_resource(ttl=10, show_spinner=False)
def alias_problem() -> str | None:
    """How alias and journal differ about the champion, and what to do; None if they do not."""
    return services.current().catalogue.alias_problem()


@st.cache_resource(ttl=10, show_spinner=False)
def journal() -> Entries[JournalEntry]:
    """Every decision about champions, the oldest first."""
    return services.current().journal.log.entries()


@st.cache_resource(ttl=10, show_spinner=False)
def canary() -> RunningCanary | None:
    """The version on canary and how far it is; None if there is none."""
    running = services.current().journal.canary()
    if running is None:
        return None
    images = services.current().results.scored_since(running.to_version, running.at)
    return RunningCanary(running, images)


def forget_champion() -> None:
    """Ask the store again who is champion, and why, at the next look."""
    for query in (journal, champion, alias_problem, canary):
        query.clear()


def champion_version() -> str | None:
    """The champion's version, or None where there is none or nobody can say."""
    try:
        return champion().details.version
    except MnistError:
        return None


# Batches


@st.cache_resource(ttl=3, show_spinner=False)
def batches() -> Batches:
    """Every batch that was put into the inbox or scored."""
    current = services.current()
    return batch_list.all_batches(current.inbox, current.results, current.verifications)


@st.cache_resource(ttl=3, show_spinner=False, max_entries=100)
def part_keys(batch: str) -> tuple[str, ...]:
    """The parts of a batch that lie in the store now."""
    return tuple(services.current().results.part_keys(batch))


def forget_batches() -> None:
    """Ask the store again at the next look."""
    batches.clear()
    part_keys.clear()


def rows(batch: str) -> BatchRows:
    """The rows of a batch that lie in the store now."""
    return _rows(batch, part_keys(batch))


@st.cache_resource(max_entries=4, show_spinner="Fetching the rows of this batch …")
def _rows(batch: str, parts: tuple[str, ...]) -> BatchRows:  # noqa: ARG001
    """Parts never change, so other parts are another question."""
    return batch_rows.batch_rows(services.current().results, batch)


@st.cache_resource(max_entries=100, ttl=600, show_spinner="Fetching the images …")
def thumbnails(
    versions: tuple[ObjectVersion, ...], rendering: pictures.Rendering
) -> list[pictures.Thumbnail]:
    """Small pictures of some object versions, in order."""
    return pictures.thumbnails(services.current().inbox, versions, rendering)


# Versions and what they predict for labelled images


@st.cache_resource(ttl=10, show_spinner=False)
def versions() -> list[Version]:
    """The registered versions, the newest first."""
    return services.current().catalogue.versions(_VERSIONS_SHOWN)


@st.cache_resource(ttl=600, max_entries=200, show_spinner=False)
def details(version: str) -> VersionDetails:
    """A version and its run."""
    return services.current().catalogue.version(version)


@st.cache_resource(max_entries=8, show_spinner="Fetching the predictions of this version …")
def test_predictions(version: str) -> LabelledPredictions:
    """What a version predicts for the test images; this never changes."""
    return predictions.of_test_images(services.current().catalogue, details(version))


@st.cache_resource(ttl=10, show_spinner=False)
def settled_digits() -> tuple[dict[str, int], tuple[str, ...]]:
    """What people settled: SHA-256 of an image -> digit, and the batches such images lie in."""
    reviews = services.current().reviews.recorded()
    settled = {
        consensus.sha256: (consensus.answer.digit, consensus.versions)
        for consensus in consensuses(reviews, _ONE_PERSON).values()
        if consensus.answer is not None and consensus.answer.digit is not None
    }
    digits = {sha256: digit for sha256, (digit, _) in settled.items()}
    names = {batch_of(place.key) for _, places in settled.values() for place in places}
    return digits, tuple(sorted(names))


@st.cache_resource(ttl=10, max_entries=4, show_spinner=False)
def batch_predictions(batch: str) -> LabelledPredictions | None:
    """What was predicted for the images of a batch whose digit people have settled."""
    digits, _ = settled_digits()
    return predictions.of_batch(rows(batch), digits)


@st.cache_resource(show_spinner="Loading MNIST …")
def dataset() -> Dataset:
    """The training and test images on this machine; the network is not asked.

    Where MNIST is not here, those of scikit-learn are, and pages ask which were measured on.
    """
    return load_dataset(services.current().settings.data_dir, download=False, fallback=True)


def test_images(version: str) -> Images:
    """The test images that a version was measured on.

    Raises:
        InvalidDataset: If this machine has other ones.
    """
    tags = details(version).tags
    test = dataset().test
    if test.digest != tags.get("test_digest"):
        raise InvalidDataset(
            f"Version {version} was measured on images of {tags.get('dataset', 'unknown origin')} "
            "that are not on this machine, so there are numbers and no pictures; set "
            "MNIST_DATA_DIR to the folder it was trained from."
        )
    return test.images


# Models that predict now


@st.cache_resource(max_entries=12, show_spinner=False)
def predictor(version: str) -> Predictor:
    """The scoring graph of a version."""
    registry = services.current().registry
    return registry.predictor(registry.version(version))


@st.cache_resource(max_entries=3, show_spinner=False)
def extractor(version: str) -> FeatureExtractor:
    """What tells the features of a version."""
    registry = services.current().registry
    model = registry.version(version)
    return FeatureExtractor(registry.graph(model), model.digest)


@st.cache_resource(max_entries=3, show_spinner="Asking the model what looks alike …")
def test_features(version: str) -> Features:
    """The features of the test images as a version sees them, about 5 MB."""
    return extractor(version).features(test_images(version))
