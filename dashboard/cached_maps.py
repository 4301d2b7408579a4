"""What looks alike to a version: features in memory, the map kept in the results bucket."""

from __future__ import annotations

import streamlit as st

from dashboard import cached_readings, wiring
from dashboard.queries.maps import ImageMap, stored_map
from mnist.digits import Images, Probabilities
from mnist.scoring.features import FeatureExtractor, Features
from mnist.scoring.graphs import Predictor


@st.cache_resource(max_entries=12, show_spinner=False)
def predictor(version: str) -> Predictor:
    """The scoring graph of a version."""
    reader = wiring.registry_reader()
    return reader.predictor(reader.version(version))


@st.cache_resource(max_entries=3, show_spinner=False)
def extractor(version: str) -> FeatureExtractor:
    """What tells the features of a version."""
    reader = wiring.registry_reader()
    model = reader.version(version)
    return FeatureExtractor(reader.graph(model), model.digest)


@st.cache_resource(max_entries=3, show_spinner="Asking the model what looks alike …")
def features_of_test(version: str) -> Features:
    """The features of the test images as a version sees them, about 5 MB."""
    return extractor(version).features(cached_readings.test_images(version))


@st.cache_resource(max_entries=3, show_spinner="Drawing the map of this version, once …")
def image_map(version: str) -> ImageMap:
    """Where the test images of a version lie on its map."""
    known = cached_readings.details(version).tags
    return stored_map(
        wiring.results_bucket(),
        f"{known['scoring_graph_sha256']}-{known['test_digest']}",
        cached_readings.of_test_images(version),
        lambda: features_of_test(version),
    )


def read_by(version: str, images: Images) -> Probabilities:
    """Read images with a version's scoring graph now."""
    return predictor(version).predict(images)
