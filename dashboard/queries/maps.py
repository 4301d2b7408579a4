"""Maps of images: made once for a version, then read from the results bucket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from dashboard.queries.readings import Readings
from mnist.evaluation.embedding import embed, worth_a_place
from mnist.scoring.features import Features
from mnist.storage.bucket import Bucket
from mnist.tables import from_parquet, to_parquet


@dataclass(frozen=True, eq=False)
class ImageMap:
    """Places of images on a plane.

    Attributes:
        rows: Which readings, shape (k,).
        places: Where they lie, shape (k, 2); only closeness means something.
    """

    rows: NDArray[np.int64]
    places: NDArray[np.float32]

    def frame(self, found: Readings) -> pd.DataFrame:
        """Join the places with what was read there; columns `x`, `y` and those of readings."""
        chosen = found.frame.loc[self.rows]
        return chosen.assign(x=self.places[:, 0], y=self.places[:, 1])


def map_key(name: str) -> str:
    """Say where a map lies in the results bucket."""
    return f"maps/{name}.parquet"


def map_exists(bucket: Bucket, name: str) -> bool:
    """Tell whether somebody has had this map made."""
    return bucket.exists(map_key(name))


def stored_map(
    bucket: Bucket, name: str, found: Readings, features: Callable[[], Features]
) -> ImageMap:
    """Read a map, or make it and keep it; the map kept first counts for everybody.

    Args:
        bucket: Where maps are kept.
        name: Of model and images, by digest.
        found: Readings of all the images.
        features: Gives theirs, shape (n, d); asked only if there is no map yet.

    Raises:
        Unavailable: If the store does not answer.
    """
    key = map_key(name)
    if not bucket.exists(key):
        rows = worth_a_place(found.labels, found.probabilities)
        places = embed(features()[rows])
        columns = {"row": rows, "x": places[:, 0], "y": places[:, 1]}
        bucket.create(key, to_parquet(pa.table(columns)))
    table = from_parquet(bucket.fetch(key))
    xy = np.stack([table["x"].to_numpy(), table["y"].to_numpy()], axis=1)
    return ImageMap(table["row"].to_numpy(), xy)


def within(frame: pd.DataFrame, box: dict[str, list[float]]) -> pd.DataFrame:
    """Keep what lies in a box, as the chart gives it: `x` and `y`, each two ends."""
    for axis in ("x", "y"):
        if axis in box:
            frame = frame[frame[axis].between(min(box[axis]), max(box[axis]))]
    return frame
