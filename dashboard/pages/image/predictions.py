"""What versions predict for one image: ten probabilities, history, and images like it."""

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.components import cached, tables
from dashboard.components.evaluated_images import EvaluatedImages, show_tiles
from dashboard.components.one_image import OneImage
from dashboard.components.probabilities import probability_chart
from dashboard.components.texts import code, percent, plain
from mnist import services
from mnist.digits import Image, ImageWarning, Outputs
from mnist.errors import MnistError
from mnist.images import Decoded
from mnist.scoring.features import nearest
from mnist.scoring.predictions import PinnedModel, all_warnings, columns_of

_VERSIONS = 10
_NEIGHBOURS = 14


def show_probabilities(image: OneImage, pixels: Image, version: str) -> None:
    """Draw the ten probabilities, and say in words what is odd about the image."""
    outputs = cached.predictor(version).outputs(pixels[None])
    warnings = _warnings(image, outputs, services.current().registry.version(version))
    probabilities = outputs.probabilities[0]
    digit = int(probabilities.argmax())
    right = ", as labelled" if digit == image.label else ""
    st.markdown(
        f"**Version {plain(version)} predicts a {digit}{right}**, with a confidence of "
        f"{percent(float(probabilities[digit]))}."
    )
    if image.label is not None and digit != image.label:
        st.markdown(f"It is labelled **{image.label}**.")
    if image.label_error:
        st.warning(image.label_error)
    if warnings:
        st.markdown(" ".join(f"{plain(w.sentence)} ({code(w)})" for w in warnings))
    st.altair_chart(
        probability_chart(probabilities, image.label),
        alt=f"Probabilities of the ten digits; the highest is that of {digit}",
    )


def _warnings(image: OneImage, outputs: Outputs, model: PinnedModel) -> tuple[ImageWarning, ...]:
    """Join what the picture's shape and what this version say; test images were never prepared."""
    result = image.inspection.result
    shape = result.warnings if isinstance(result, Decoded) and image.index is None else ()
    (unlike,) = columns_of(outputs, np.array([bool(shape)]), model).unlike
    return all_warnings(shape, unlike=bool(unlike))


def show_history(image: OneImage, pixels: Image) -> None:
    """List what the newest versions and the champion predict for the image now."""
    champion = cached.champion_version()
    lines, lost = [], []
    for place, version in enumerate(cached.versions()):
        if place >= _VERSIONS and version.version != champion:
            continue
        try:
            probabilities = cached.predictor(version.version).predict(pixels[None])[0]
        except MnistError:
            lost.append(version.version)
            continue
        digit = int(probabilities.argmax())
        lines.append(
            {
                "version": version.version,
                "registered": version.registered_at.replace(tzinfo=None),
                "recipe": version.tags.get("recipe", ""),
                "predicts": digit,
                "confidence": float(probabilities[digit]),
                "right": None if image.label is None else digit == image.label,
                "champion": version.version == champion,
            }
        )
    if lost:
        st.warning(f"Without a usable scoring graph: version {', '.join(lost)}.")
    tables.table(
        pd.DataFrame(lines),
        "What each version predicts for this image, the newest version first",
        {"registered": tables.utc("registered"), "confidence": tables.share()},
        placeholder="",
    )


def show_neighbours(image: OneImage, pixels: Image, version: str) -> None:
    """Draw the test images that look most like this one to the version."""
    query = cached.extractor(version).features(pixels[None])[0]
    rows = nearest(cached.test_features(version), query, _NEIGHBOURS + 1)
    neighbours = [row for row in rows if row != image.index][:_NEIGHBOURS]
    images = EvaluatedImages(version, None, cached.test_predictions(version))
    label = "Test images that look alike to this version"
    show_tiles(images, images.predictions.frame.loc[neighbours], label, key="neighbours")
