"""Which image the address names, and what is known of it without any model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from dashboard import cached, cached_readings, wiring
from dashboard.pictures import png
from dashboard.queries.rows import BatchRows
from dashboard.texts import plain
from dashboard.thumbnails import LIMITS
from mnist.digits import Image
from mnist.errors import InvalidInput, MnistError
from mnist.evaluation.known_label_errors import known_label_errors
from mnist.images import Decoded, Inspection, stages
from mnist.keys import ObjectVersion


@dataclass(frozen=True, eq=False)
class OneImage:
    """An image, wherever it comes from.

    Attributes:
        name: For people; outside content where it is a key.
        content: The file.
        inspection: What the preprocessing makes of it, stage by stage.
        pixels: What a model reads, or None if it was rejected.
        label: What it shows, if somebody has said so.
        known_error: What an audit says of that label; empty for most.
        index: Its row among the test images, or None.
        version: Its object version in the inbox, or None.
        batch: The batch it lies in, or None.
    """

    name: str
    content: bytes
    inspection: Inspection
    pixels: Image | None
    label: int | None
    known_error: str = ""
    index: int | None = None
    version: ObjectVersion | None = None
    batch: str | None = None


def asked_for(model_version: str) -> OneImage | None:
    """Find the image of the address, or say how to get here.

    Raises:
        InvalidInput: If the address is none.
        ObjectGone: If the object was deleted.
        ObjectChanged: If it was overwritten.
        Unavailable: If a service does not answer.
    """
    asked = st.query_params
    if "test" in asked:
        return _test_image(asked["test"], model_version)
    if "key" in asked:
        size = asked.get("size", "")
        if not size.isdecimal():
            raise InvalidInput(f"The address says size={size!r}, expected a number of bytes.")
        version = ObjectVersion(asked["key"], asked.get("etag", ""), int(size))
        return _object(asked.get("batch", ""), version)
    st.info(
        "The address names no image. Click an image on the page Errors, Compare or Batches, or "
        "name one yourself: `?test=` and the number of a test image."
    )
    return None


def _test_image(number: str, model_version: str) -> OneImage:
    images = cached_readings.test_images(model_version)
    if not number.isdecimal() or int(number) >= len(images):
        raise InvalidInput(
            f"There is no test image {number!r}; they are numbered from 0 to {len(images) - 1}."
        )
    index = int(number)
    labels = cached_readings.dataset().test.labels
    known = known_label_errors(labels)
    content = png(images[index])
    said = ""
    if index in known:
        right = known[index]
        said = (
            "Public audits found that no digit is right for this image."
            if right is None
            else f"Public audits found that this label is wrong: it is a {right}."
        )
    return OneImage(
        name=f"Test image {index}",
        content=content,
        inspection=stages(content, LIMITS),
        pixels=np.asarray(images[index]),
        label=int(labels[index]),
        known_error=said,
        index=index,
    )


def _object(batch: str, version: ObjectVersion) -> OneImage:
    if version.size > LIMITS.max_bytes:
        raise InvalidInput(
            f"The object has {version.size:,} bytes, more than the {LIMITS.max_bytes:,} that are "
            "looked into on a page; download it from the bucket."
        )
    content = wiring.inbox().fetch(version)
    inspection = stages(content, LIMITS)
    result = inspection.result
    return OneImage(
        name=version.key,
        content=content,
        inspection=inspection,
        pixels=result.pixels if isinstance(result, Decoded) else None,
        label=_label_of(batch, version),
        version=version,
        batch=batch,
    )


def recorded_row(image: OneImage) -> dict[str, object] | None:
    """Look up what was recorded for an object of a batch when it was scored."""
    if image.version is None or not image.batch:
        return None
    rows: BatchRows = cached.rows(image.batch, cached.part_keys(image.batch))
    frame = rows.frame
    found = frame[(frame["key"] == image.version.key) & (frame["etag"] == image.version.etag)]
    return None if found.empty else dict(found.iloc[0])


def _label_of(batch: str, version: ObjectVersion) -> int | None:
    """Find the digit that people settled for an object of a batch, if they have."""
    try:
        found = cached_readings.of_batch(batch) if batch else None
    except MnistError as error:
        st.warning(plain(str(error)))
        return None
    if found is None:
        return None
    frame = found.frame
    mine = frame[(frame["key"] == version.key) & (frame["etag"] == version.etag)]
    return None if mine.empty else int(mine["label"].iloc[0])
