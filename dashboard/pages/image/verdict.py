"""Whose fault it is that the image of the address is misclassified."""

from dashboard.components import cached
from dashboard.components.evaluated_images import EvaluatedImages
from dashboard.components.one_image import OneImage
from dashboard.components.verdicts import show_verdict
from mnist.reviews.verdict import Misclassified


def show_fault(image: OneImage, version: str) -> None:
    """Draw the verdict on an image that was misclassified; nothing for any other."""
    subject = misclassified(image, version)
    if subject is not None:
        show_verdict(subject)


def misclassified(image: OneImage, version: str) -> Misclassified | None:
    """Say what was predicted for a labelled image instead of its label, as Errors does.

    Args:
        image: A test image, or an object of a batch.
        version: Whose prediction of a test image it is; that of an object is the recorded one.

    Returns:
        None if it was predicted rightly, has no label, or was not predicted.
    """
    if image.index is not None:
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
