"""What versions say of one image: ten probabilities, and how the reading changed over time."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import cached, cached_maps, cached_readings
from dashboard.charts.probabilities import probability_chart
from dashboard.gallery import gallery
from dashboard.gallery.reading_tiles import reading_tiles
from dashboard.parts.image.subject import OneImage, recorded_row
from dashboard.parts.links import go_to, image_of_test
from dashboard.pictures import thumbnails_of
from dashboard.queries.rows import Decision
from dashboard.texts import percent, plain
from mnist.digits import Image
from mnist.errors import MnistError
from mnist.evaluation.known_label_errors import known_label_errors
from mnist.scoring.features import nearest

_VERSIONS = 10
_NEIGHBOURS = 14


def show_probabilities(image: OneImage, pixels: Image, version: str) -> None:
    """Draw the ten probabilities, and say what was recorded at the time."""
    probabilities = cached_maps.read_by(version, pixels[None])[0]
    read = int(probabilities.argmax())
    right = "" if image.label is None else (", as labelled" if read == image.label else "")
    st.markdown(
        f"**Version {plain(version)} reads a {read}{right}**, with a confidence of "
        f"{percent(float(probabilities[read]))}."
    )
    if image.label is not None and read != image.label:
        st.markdown(f"It is labelled **{image.label}**.")
    if image.known_error:
        st.warning(image.known_error)
    _recorded(image)
    st.altair_chart(
        probability_chart(probabilities, image.label),
        alt=f"Probabilities of the ten digits; the highest is that of {read}",
    )


def _recorded(image: OneImage) -> None:
    row = recorded_row(image)
    if row is None:
        return
    if row["decision"] == Decision.REJECTED:
        st.caption(f"Recorded: rejected, {plain(str(row['remarks']))}.")
        return
    st.caption(
        f"Recorded on {row['scored_at']:%Y-%m-%d %H:%M} UTC by {plain(str(row['model']))}: "
        f"{row['digit']}, confidence {percent(float(str(row['confidence'])))}, {row['decision']}."
    )


def show_history(image: OneImage, pixels: Image) -> None:
    """List what the newest versions and the champion say of the image now."""
    versions = cached_readings.versions()
    champion = cached.champion_if_known()
    chosen = [v for i, v in enumerate(versions) if i < _VERSIONS or v.version == champion]
    lines, lost = [], []
    for version in chosen:
        try:
            probabilities = cached_maps.read_by(version.version, pixels[None])[0]
        except MnistError:
            lost.append(version.version)
            continue
        read = int(probabilities.argmax())
        lines.append(
            {
                "version": version.version,
                "registered": version.registered_at.replace(tzinfo=None),
                "recipe": version.tags.get("recipe", ""),
                "reads": read,
                "confidence": float(probabilities[read]),
                "right": None if image.label is None else read == image.label,
                "champion": version.version == champion,
            }
        )
    if lost:
        st.warning(f"Without a usable scoring graph: version {', '.join(lost)}.")
    st.dataframe(
        pd.DataFrame(lines),
        hide_index=True,
        placeholder="",
        alt="What each version reads in this image, the newest version first",
        column_config={
            "registered": st.column_config.DatetimeColumn(
                "registered (UTC)", format="YYYY-MM-DD HH:mm"
            ),
            "confidence": st.column_config.NumberColumn(format="percent"),
        },
    )


def show_neighbours(image: OneImage, pixels: Image, version: str) -> None:
    """Draw the test images that look most like this one to the version."""
    features = cached_maps.features_of_test(version)
    query = cached_maps.extractor(version).features(pixels[None])[0]
    found = [row for row in nearest(features, query, _NEIGHBOURS + 1) if row != image.index]
    frame = cached_readings.of_test_images(version).frame.loc[found[:_NEIGHBOURS]]
    images = cached_readings.test_images(version)[frame.index.to_numpy()]
    tiles = reading_tiles(
        frame,
        thumbnails_of(images),
        [image_of_test(version, int(row)) for row in frame.index],
        known_label_errors(cached_readings.dataset().test.labels),
    )
    go_to("image", gallery(tiles, "Test images that look alike to this version", "neighbours"))
