"""Which image the address names, and what can be said of it without any model."""

import hashlib

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.components import cached
from dashboard.components.batch_rows import contents_of, marks_of
from dashboard.components.one_image import OneImage
from dashboard.components.pictures import LIMITS, png
from dashboard.components.selection import tickets_at
from dashboard.components.texts import sentence
from dashboard.components.training_images import training_images
from mnist import services
from mnist.errors import InvalidInput, MnistError
from mnist.evaluation.known_label_errors import known_label_errors
from mnist.images import Decoded, stages
from mnist.keys import ObjectVersion
from mnist.places import layout_place
from mnist.reviews.content import ImageContent
from mnist.reviews.ticket import Ticket


def image_in_address(model_version: str) -> OneImage | None:
    """Get the image of the address; None if it names none.

    Raises:
        InvalidInput: If the address is none.
        ObjectGone: If the object was deleted.
        ObjectChanged: If it was overwritten.
    """
    query = st.query_params
    if "test" in query:
        return _test_image(query["test"], model_version)
    if "training" in query:
        return _training_image(query["training"])
    if "key" not in query:
        return None
    return _object(query.get("batch", ""), _object_version())


def _object_version() -> ObjectVersion:
    query = st.query_params
    size = query.get("size", "")
    if not size.isdecimal():
        raise InvalidInput(f"The address says size={size!r}, expected a number of bytes.")
    return ObjectVersion(query["key"], query.get("etag", ""), int(size))


def _test_image(number: str, model_version: str) -> OneImage:
    images = cached.test_images(model_version)
    if not number.isdecimal() or int(number) >= len(images):
        raise InvalidInput(
            f"There is no test image {number!r}; they are numbered from 0 to {len(images) - 1}."
        )
    index = int(number)
    labels = cached.dataset().test.labels
    label_errors = known_label_errors(labels)
    sentence = ""
    if index in label_errors:
        right = label_errors[index]
        sentence = (
            "Public audits found that no digit is right for this image."
            if right is None
            else f"Public audits found that this label is wrong: it is a {right}."
        )
    content = png(images[index])
    return OneImage(
        name=f"Test image {index}",
        content=content,
        inspection=stages(content, LIMITS),
        pixels=np.asarray(images[index]),
        label=int(labels[index]),
        label_error=sentence,
        index=index,
    )


def _training_image(sha256: str) -> OneImage:
    images = training_images()
    pixels = None if images is None else images.pixels.get(sha256)
    if images is None or pixels is None:
        raise InvalidInput(
            f"The last check of the labels contradicted no training image {sha256[:12]!r}; only "
            "those that it contradicted are kept."
        )
    row, content = images.with_digest(sha256).iloc[0], png(pixels)
    return OneImage(
        name=str(row["name"]),
        content=content,
        inspection=stages(content, LIMITS),
        pixels=np.asarray(pixels),
        label=int(row["label"]),
        source=str(row["source"]),
        reviewed_key=str(row["key"]),
    )


def _object(batch: str, version: ObjectVersion) -> OneImage:
    if version.size > LIMITS.max_bytes:
        raise InvalidInput(
            f"The object has {version.size:,} bytes, more than the {LIMITS.max_bytes:,} that are "
            "looked into on a page; download it from the bucket."
        )
    inbox = services.current().inbox
    place = inbox.cut_out(version) if layout_place(version) is not None else None
    content = inbox.fetch(version) if place is None else place.png
    inspection = stages(content, LIMITS) if place is None else place.inspection
    result = inspection.result
    return OneImage(
        name=version.key,
        content=content,
        inspection=inspection,
        pixels=result.pixels if isinstance(result, Decoded) else None,
        label=_label_of(batch, version),
        version=version,
        batch=batch,
        place=place,
    )


def recorded_row() -> tuple[str, pd.Series] | None:
    """Look up what was recorded for the object of the address, wherever the object is now.

    Returns:
        Its batch, and its row with the digits of its value as `marks`; None for test images and for
        what has no row.

    Raises:
        InvalidInput: If the address is none.
        IntegrityError: If a part of the batch is damaged.
    """
    batch = st.query_params.get("batch", "")
    if not batch or "key" not in st.query_params:
        return None
    rows = cached.rows(batch)
    row = _row_of(rows.frame, _object_version())
    if row is None:
        return None
    return batch, pd.concat([row, pd.Series({"marks": marks_of(rows, int(str(row.name)))})])


def content_of(image: OneImage, row: pd.Series | None) -> ImageContent | None:
    """Name the image by its content; None for an object that has no row, or was never fetched.

    Args:
        image: The image of the address.
        row: What `recorded_row` found of it.
    """
    if image.version is None and image.pixels is not None:
        digest = hashlib.sha256(image.pixels.tobytes()).hexdigest()
        return ImageContent(sha256=digest, test_image=image.index, source=image.source)
    return None if row is None else next(iter(contents_of(row.to_frame().T)), None)


def ticket_in_address() -> Ticket | None:
    """Ask about the object of the address; None if it has no row, or no content was seen."""
    batch = st.query_params.get("batch", "")
    if not batch or "key" not in st.query_params:
        return None
    return next(iter(tickets_at(cached.rows(batch), {_object_version()})), None)


def _label_of(batch: str, version: ObjectVersion) -> int | None:
    """Find the digit that people settled for an object of a batch, if they have."""
    try:
        predictions = cached.batch_predictions(batch) if batch else None
    except MnistError as error:
        st.warning(sentence(str(error)))
        return None
    row = None if predictions is None else _row_of(predictions.frame, version)
    return None if row is None else int(row["label"])


def _row_of(frame: pd.DataFrame, version: ObjectVersion) -> pd.Series | None:
    rows = frame[(frame["key"] == version.key) & (frame["etag"] == version.etag)]
    return None if rows.empty else rows.iloc[0]
