"""One picture cut by a layout and scored outside of any batch, to the rows of a batch."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from mnist.digits import SIDE
from mnist.errors import Unavailable
from mnist.images import Limits, Rejection, SeveralPages, preprocessing_digest
from mnist.keys import ObjectVersion
from mnist.scoring.graphs import Predictor
from mnist.scoring.pictures import Fetched, MiniBatch, Picture, take
from mnist.scoring.place_predictions import resolved
from mnist.scoring.predictions import PinnedModel
from mnist.scoring.rows import rows_of
from mnist.scoring.sheet_layouts import SheetLayout

_PICTURE = "picture"


def rows_of_picture(
    content: bytes,
    layout: SheetLayout,
    model: PinnedModel,
    predictor: Predictor,
    limits: Limits,
) -> list[dict[str, Any]] | Rejection:
    """Cut a picture and predict what is in its places.

    Args:
        content: The file.
        layout: Says how it is cut; it can be used.
        model: Says which predictions are accepted.
        predictor: Its networks.
        limits: Of the file.

    Returns:
        A row of schema ROWS for each of `layout.names`, in their order; or why the picture cannot
        be decoded.

    Raises:
        Unavailable: As `mnist.images.decode`.
    """
    version = ObjectVersion(_PICTURE, "", len(content))
    places = tuple(layout.places(version))
    minibatch = MiniBatch()
    take(minibatch, Picture(version, places, layout), Fetched(content), limits)
    if minibatch.paged:
        return SeveralPages.of(minibatch.paged[0].pages, "file", limits)
    if minibatch.contents[0].cut is None:
        first = minibatch.contents[0]
        if first.reason is None:
            raise Unavailable("The picture was not cut.")
        return Rejection(first.reason, first.detail or "")
    images = np.array(minibatch.pixels, np.uint8).reshape(-1, SIDE, SIDE)
    predicted = resolved(
        minibatch.contents, images, predictor.outputs, model, predictor.predict_line
    )
    stamp = {
        "model_name": model.name,
        "model_version": model.version,
        "model_digest": model.digest,
        "preprocessing_digest": preprocessing_digest(),
        "batch": "",
        "chunk": "",
        "scored_at": datetime.now(UTC),
    }
    rows = rows_of(predicted.contents, predicted.outputs, predicted.ink, model, stamp)
    records: list[dict[str, Any]] = rows.to_pylist()
    return records
