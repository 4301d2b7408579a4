"""Whose fault it is that the image of the address is misclassified."""

import hashlib

import streamlit as st

from dashboard.components import cached
from dashboard.components.evaluated_images import EvaluatedImages
from dashboard.components.one_image import OneImage
from dashboard.components.texts import code
from dashboard.components.training_images import training_images
from dashboard.components.verdicts import show_verdict
from mnist.reviews.verdict import Misclassified

_MEANING = (
    "A training image: judged as *label wrong*, it is left out of the next retraining until the "
    "verdict is taken back."
)


def show_fault(image: OneImage, version: str) -> None:
    """Draw the verdict on an image that was misclassified; nothing for any other."""
    subject = misclassified(image, version)
    if subject is None:
        return
    show_verdict(subject)
    if image.source:
        st.caption(_MEANING)
    if image.reviewed_key:
        st.caption(f"People labelled it: change the label of {code(image.reviewed_key)} on Labels.")


def misclassified(image: OneImage, version: str) -> Misclassified | None:
    """Say what was predicted for a labelled image instead of its label, as Errors does.

    Args:
        image: A test image, a training image, or an object of a batch.
        version: Whose prediction of a test image it is; that of an object is the recorded one.

    Returns:
        None if it was predicted rightly, has no label, or was not predicted.
    """
    images: EvaluatedImages
    if image.source:
        training = training_images()
        if training is None or image.pixels is None:
            return None
        images = training
        page = training.with_digest(hashlib.sha256(image.pixels.tobytes()).hexdigest())
    elif image.index is not None:
        images = EvaluatedImages(version, None, cached.test_predictions(version))
        page = images.predictions.frame.loc[[image.index]]
    elif image.version is not None and image.batch and image.label is not None:
        predictions = cached.batch_predictions(image.batch)
        if predictions is None:
            return None
        images = EvaluatedImages("", image.batch, predictions)
        frame = predictions.frame
        page = frame[(frame["key"] == image.version.key) & (frame["etag"] == image.version.etag)]
    else:
        return None
    return next(iter(images.misclassified(page).values()), None)
