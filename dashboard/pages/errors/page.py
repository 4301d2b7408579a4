"""The page Errors: labelled images and who predicted them, the matrix, one of four sections."""

from collections.abc import Sequence

import streamlit as st

from dashboard.components import cached
from dashboard.components.boundary import each_error_once, error_boundary
from dashboard.components.evaluated_images import EVERY_BATCH, EvaluatedImages
from dashboard.components.filters import alternatives, first_page
from dashboard.components.labelled_predictions import LabelledPredictions, together
from dashboard.components.links import show_way_back
from dashboard.components.texts import code, counted, sentence
from dashboard.components.titles import page_title
from dashboard.components.training_images import TrainingImages
from dashboard.components.versions import choose_version, usual_version
from dashboard.pages.errors.confusion import show_confusion
from dashboard.pages.errors.images import show_images
from dashboard.pages.errors.similarity import show_map
from dashboard.pages.errors.suspects import show_suspects
from dashboard.pages.errors.training import choose_training_images
from dashboard.pages.errors.weak_slices import show_slices
from mnist.errors import InvalidDataset, InvalidInput

_TEST, _TRAINING = "test images", "training images"
_OF_TRAINING = {"suspected label errors": show_suspects, "images": show_images}
_SECTIONS = {
    "images": show_images,
    "map": show_map,
    "suspected label errors": show_suspects,
    "slices": show_slices,
}


@each_error_once()
def show() -> None:
    """Draw the page."""
    show_way_back()
    add_title = page_title("Errors")
    with error_boundary():
        images = _choose_images()
        if images is None:
            return
        add_title(_title(images))
        show_confusion(images)
        # A key of its own: what was looked at of test images would otherwise stay chosen.
        of_training = isinstance(images, TrainingImages)
        sections, key = (_OF_TRAINING, "part") if of_training else (_SECTIONS, "look")
        section = alternatives("Look at", list(sections), key, on_change=first_page)
        sections[section](images)


def _title(images: EvaluatedImages) -> str:
    if isinstance(images, TrainingImages):
        return _TRAINING
    if images.batch is None:
        return f"version {images.version}"
    return images.batch if images.batch == EVERY_BATCH else f"batch {images.batch}"


def _choose_images() -> EvaluatedImages | None:
    """Ask for a version and for images, and say what is missing where there are none."""
    versions = cached.versions()
    if not versions:
        st.info(
            "No model has been trained yet, so there are no errors to look at. Run "
            "`prefect deployment run 'retrain/default'` first."
        )
        return None
    left, right = st.columns(2)
    _, batches = cached.settled_digits()
    address = st.query_params.get("of")
    several = [EVERY_BATCH] if len(batches) > 1 else []
    if address is not None and address not in (_TEST, _TRAINING, *several, *batches):
        st.warning(
            f"Nobody has labelled images of a batch {code(address)}; the test images are shown."
        )
    with left:
        source = st.selectbox(
            "Images",
            [_TEST, _TRAINING, *several, *batches],
            key="of",
            bind="query-params",
            help="The test images; the training images, predicted out of fold; or a batch of which "
            "people have labelled some images on the page Review. A batch shows what was recorded "
            "when it was scored.",
        )
    with right:
        if source == _TRAINING:
            return choose_training_images()
        if source != _TEST:
            return _every_batch(batches) if source == EVERY_BATCH else _batch(source)
        version = choose_version("Model version", "version", versions, usual_version(versions))
    return _test_images(version)


def _test_images(version: str) -> EvaluatedImages:
    try:
        cached.test_images(version)
    except (InvalidDataset, InvalidInput) as error:
        st.warning(sentence(str(error)))
    return EvaluatedImages(version, None, cached.test_predictions(version))


def _every_batch(batches: Sequence[str]) -> EvaluatedImages | None:
    parts = [part for name in batches if (part := cached.batch_predictions(name)) is not None]
    return _of_production(EVERY_BATCH, together(parts) if parts else None)


def _batch(batch: str) -> EvaluatedImages | None:
    return _of_production(batch, cached.batch_predictions(batch))


def _of_production(batch: str, predictions: LabelledPredictions | None) -> EvaluatedImages | None:
    if predictions is None:
        st.info(
            f"No image of batch {code(batch)} that was scored has a settled label; look through "
            "it on the page Review."
        )
        return None
    images = predictions.frame["version"].value_counts()
    scored = ", ".join(f"version {code(str(name))} ({count:,})" for name, count in images.items())
    st.markdown(f"Predicted, when the batch was scored, by {scored}.")
    st.caption(
        f"{counted(len(predictions.frame), 'image')} with a label from a person. They were chosen "
        "for review, so their error rate says nothing about all the others."
    )
    return EvaluatedImages("", batch, predictions)
