"""What versions predict for one image: ten probabilities, history, and images like it."""

import pandas as pd
import streamlit as st

from dashboard.components import cached, tables
from dashboard.components.batch_rows import Decision
from dashboard.components.evaluated_images import EvaluatedImages, show_tiles
from dashboard.components.one_image import OneImage
from dashboard.components.probabilities import probability_chart
from dashboard.components.texts import percent, plain
from dashboard.pages.image.address import recorded_row
from mnist.digits import Image
from mnist.errors import MnistError
from mnist.scoring.features import nearest

_VERSIONS = 10
_NEIGHBOURS = 14


def show_probabilities(image: OneImage, pixels: Image, version: str) -> None:
    """Draw the ten probabilities, and say what was recorded at the time."""
    probabilities = cached.predictor(version).predict(pixels[None])[0]
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
    _show_record(image)
    st.altair_chart(
        probability_chart(probabilities, image.label),
        alt=f"Probabilities of the ten digits; the highest is that of {digit}",
    )


def _show_record(image: OneImage) -> None:
    row = recorded_row(image)
    if row is None:
        return
    if row["decision"] == Decision.REJECTED:
        st.caption(f"Recorded: rejected, {plain(str(row['remarks']))}.")
        return
    st.caption(
        f"Recorded on {row['scored_at']:%Y-%m-%d %H:%M} UTC by {plain(str(row['model']))}: "
        f"{row['digit']}, confidence {percent(float(row['confidence']))}, {row['decision']}."
    )


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
