"""What labelled images of production can be told apart by, for slices of them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from mnist.digits import Images
from mnist.evaluation.slice_search import Masks, crossed, extremes, image_attributes

MEASURED = ("key", "etag", "width", "height", "brightness", "contrast", "sharpness", "warnings")
"""Columns of rows that say something of the picture as it came."""

_OF_THE_PICTURE = {
    "brightness": ("dark picture", "bright picture"),
    "contrast": ("little contrast", "much contrast"),
    "sharpness": ("blurred picture", "sharp picture"),
    "pixels": ("small picture", "large picture"),
}
"""Measure -> what its lowest and its highest tenth are called."""


def measured(frame: pd.DataFrame, tables: Sequence[pa.Table]) -> pd.DataFrame:
    """Join labelled predictions with what their rows say of the picture, in the same order.

    Args:
        frame: Of `LabelledPredictions`, of images of batches.
        tables: The rows of these batches.
    """
    rows = pd.concat([table.select(list(MEASURED)).to_pandas() for table in tables])
    rows = rows.drop_duplicates(["key", "etag"])
    joined = frame.merge(rows, how="left", on=["key", "etag"], validate="many_to_one")
    return joined.set_index(frame.index)


def production_slices(
    frame: pd.DataFrame, sources: Sequence[str], images: Images, is_here: NDArray[np.bool_]
) -> Masks:
    """Find the slices of labelled images of production.

    Known of them are the source, the picture (size, brightness, contrast, sharpness, warnings),
    and of those that still lie in the inbox what is known of test images too, but for the writer.

    Args:
        frame: As `measured` gives it, n images.
        sources: Where each comes from.
        images: The m that still lie in the inbox, shape (m, 28, 28).
        is_here: Which these are, shape (n,).
    """
    labels = frame["label"].to_numpy(np.int64)
    attributes: dict[str, Masks] = {}
    if len(images):
        for attribute, masks in image_attributes(images, labels[is_here]).items():
            attributes[attribute] = {name: _spread(mask, is_here) for name, mask in masks.items()}
    attributes["digit"] = {f"digit {digit}": labels == digit for digit in range(10)}
    names = np.asarray(sources, dtype=str)
    attributes["source"] = {f"source {name}": names == name for name in np.unique(names)}
    measures = frame.assign(pixels=frame["width"] * frame["height"])
    for measure, (low, high) in _OF_THE_PICTURE.items():
        attributes[measure] = extremes(measures[measure].to_numpy(np.float64), low, high)
    warnings = [set(() if texts is None else texts) for texts in frame["warnings"]]
    attributes["warning"] = {
        f"warning {text}": np.array([text in texts for texts in warnings])
        for text in sorted(set().union(*warnings))
    }
    return crossed(attributes)


def _spread(mask: NDArray[np.bool_], is_here: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Put m flags where `is_here` (n,) is true; false elsewhere."""
    full = np.zeros(len(is_here), bool)
    full[is_here] = mask
    return full
