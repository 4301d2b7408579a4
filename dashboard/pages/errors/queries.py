"""Which predictions to look at, in what order, summed up how, and where they lie on a map."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd
import pyarrow as pa

from dashboard.components.labelled_predictions import LabelledPredictions
from mnist.digits import CLASSES
from mnist.evaluation.embedding import embed, worth_a_place
from mnist.evaluation.metrics import Evaluation
from mnist.evaluation.weak_slices import SliceReport
from mnist.scoring.features import Features
from mnist.storage.bucket import Bucket
from mnist.tables import from_parquet, to_parquet

LARGEST_LOSS = 28.0
"""Above every loss, in nats: -ln of the above is 27.6."""

LARGEST_ENTROPY = 2.31
"""Above every entropy of ten probabilities, in nats: ln 10 is 2.303."""


class Order(StrEnum):
    """Orders in which predictions can be looked at."""

    LOSS = "most surprising first"
    SURE = "most sure first"
    DOUBTFUL = "least sure first"
    MARGIN = "closest call first"
    ENTROPY = "most spread first"
    PLACE = "in their order"


_SORTED_BY = {
    Order.LOSS: ("loss", False),
    Order.SURE: ("confidence", False),
    Order.DOUBTFUL: ("confidence", True),
    Order.MARGIN: ("margin", True),
    Order.ENTROPY: ("entropy", False),
}


@dataclass(frozen=True)
class PredictionFilter:
    """Which predictions to keep; None keeps all.

    Attributes:
        true: The label.
        predicted: The predicted digit.
        wrong: Only what is misclassified.
        between: Column -> lowest and highest value to keep.
    """

    true: int | None = None
    predicted: int | None = None
    wrong: bool = False
    between: Mapping[str, tuple[float, float]] | None = None


def matching(frame: pd.DataFrame, prediction_filter: PredictionFilter) -> pd.DataFrame:
    """Keep the predictions that the filter describes."""
    keep = pd.Series(data=True, index=frame.index)
    if prediction_filter.true is not None:
        keep &= frame["label"] == prediction_filter.true
    if prediction_filter.predicted is not None:
        keep &= frame["digit"] == prediction_filter.predicted
    if prediction_filter.wrong:
        keep &= ~frame["right"]
    for column, (low, high) in (prediction_filter.between or {}).items():
        keep &= frame[column].between(low, high)
    return frame[keep]


def ordered(frame: pd.DataFrame, order: Order) -> pd.DataFrame:
    """Sort predictions; equals stay in the order of the images."""
    if order is Order.PLACE:
        return frame.sort_index()
    column, ascending = _SORTED_BY[order]
    return frame.sort_values(column, ascending=ascending, kind="stable")


def per_digit(evaluation: Evaluation) -> pd.DataFrame:
    """List precision, recall and F1 (0-1) and the number of images of each digit."""
    return pd.DataFrame(
        {
            "digit": range(CLASSES),
            "precision": evaluation.precision,
            "recall": evaluation.recall,
            "F1": evaluation.f1,
            "images": evaluation.support,
        }
    )


def confused_pairs(frame: pd.DataFrame) -> pd.DataFrame:
    """Count each confusion, the most frequent first.

    Returns:
        Columns `true`, `predicted`, `images`, and `share` of the true digit's images (0-1).
    """
    wrong = frame[~frame["right"]]
    pairs = wrong.groupby(["label", "digit"]).size().rename("images").reset_index()
    support = frame.groupby("label").size()
    return (
        pairs.rename(columns={"label": "true", "digit": "predicted"})
        .assign(share=pairs["images"] / pairs["label"].map(support))
        .sort_values(["images", "share"], ascending=False, ignore_index=True)
    )


def slice_table(reports: list[SliceReport], floors: Mapping[str, float]) -> pd.DataFrame:
    """List slices, in the order given, each with the floor of its gate if it is one."""
    return pd.DataFrame(
        [
            {
                "slice": report.name,
                "weak": report.is_weak(),
                "images": report.images,
                "misclassified": report.errors,
                "accuracy": report.accuracy,
                "elsewhere": report.accuracy_elsewhere,
                "p": report.adjusted_p,
                "floor": floors.get(report.name),
            }
            for report in reports
        ]
    )


def as_csv(frame: pd.DataFrame) -> bytes:
    """Write predictions as CSV in UTF-8."""
    buffer = io.StringIO()
    frame.to_csv(buffer, index_label="row")
    return buffer.getvalue().encode()


def map_key(name: str) -> str:
    """Say where a map lies in the results bucket."""
    return f"maps/{name}.parquet"


def map_exists(bucket: Bucket, name: str) -> bool:
    """Tell whether somebody has had this map made."""
    return bucket.exists(map_key(name))


def stored_map(
    bucket: Bucket,
    name: str,
    predictions: LabelledPredictions,
    features: Callable[[], Features],
) -> pd.DataFrame:
    """Fetch a map, or make it and keep it; the map kept first counts for everybody.

    Args:
        bucket: Where maps are kept.
        name: Of model and images, by digest.
        predictions: Those for all the images.
        features: Gives theirs, shape (n, d); called only if there is no map yet.

    Returns:
        The rows that have a place, with columns `x` and `y`; only closeness means something.
    """
    key = map_key(name)
    if not bucket.exists(key):
        rows = worth_a_place(predictions.labels, predictions.probabilities)
        x, y = embed(features()[rows]).T
        bucket.create(key, to_parquet(pa.table({"row": rows, "x": x, "y": y})))
    places: pd.DataFrame = from_parquet(bucket.fetch(key)).to_pandas().set_index("row")
    return predictions.frame.loc[places.index].join(places)


def within(frame: pd.DataFrame, box: dict[str, list[float]]) -> pd.DataFrame:
    """Keep what lies in a box, as the chart gives it: `x` and `y`, each two ends."""
    for axis in ("x", "y"):
        if axis in box:
            frame = frame[frame[axis].between(min(box[axis]), max(box[axis]))]
    return frame
