"""Which predictions to look at, in what order, summed up how, and where they lie on a map."""

from collections.abc import Callable, Mapping
from enum import StrEnum

import numpy as np
import pandas as pd
import pyarrow as pa

from dashboard.components.labelled_predictions import LabelledPredictions
from mnist.digits import CLASSES
from mnist.evaluation.embedding import embed, worth_a_place
from mnist.evaluation.metrics import Evaluation
from mnist.evaluation.weak_slices import SliceReport
from mnist.reviews.verdict import ErrorFault
from mnist.scoring.features import Features
from mnist.spreadsheets import to_csv
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


def matching(
    frame: pd.DataFrame,
    values: Mapping[str, object],
    between: Mapping[str, tuple[float, float]],
) -> pd.DataFrame:
    """Keep the rows with these values and bounds, column by column; None stands for any value."""
    keep = pd.Series(data=True, index=frame.index)
    for column, value in values.items():
        if value is not None:
            keep &= frame[column] == value
    for column, (low, high) in between.items():
        keep &= frame[column].between(low, high)
    return frame[keep]


def ordered(frame: pd.DataFrame, order: Order) -> pd.DataFrame:
    """Sort predictions; equals stay in the order of the images."""
    if order is Order.PLACE:
        return frame.sort_index()
    column, ascending = _SORTED_BY[order]
    return frame.sort_values(column, ascending=ascending, kind="stable")


def per_digit(evaluation: Evaluation) -> pd.DataFrame:
    """List precision, recall and F1 (0-1) and the number of images of each digit.

    A share of no images is missing: precision where nothing was predicted as the digit, recall
    where there is no image of it, F1 where there is neither.
    """
    labelled = np.asarray(evaluation.support) > 0
    predicted = np.asarray(evaluation.confusion).sum(axis=0) > 0
    frame = pd.DataFrame(
        {
            "digit": range(CLASSES),
            "precision": evaluation.precision,
            "recall": evaluation.recall,
            "F1": evaluation.f1,
            "images": evaluation.support,
        }
    )
    return frame.assign(
        precision=frame["precision"].where(predicted),
        recall=frame["recall"].where(labelled),
        F1=frame["F1"].where(labelled | predicted),
    )


def confused_pairs(frame: pd.DataFrame) -> pd.DataFrame:
    """Count each confusion, the most frequent first.

    Args:
        frame: Labelled predictions with the column `verdict`.

    Returns:
        Columns `true`, `predicted`, `images`, `share` of the true digit's images (0-1), and for
        each fault how many of them people judged so.
    """
    wrong = frame[~frame["right"]]
    faults = [str(fault) for fault in ErrorFault]
    counted = wrong.assign(images=1, **{fault: wrong["verdict"] == fault for fault in faults})
    pairs = counted.groupby(["label", "digit"])[["images", *faults]].sum().reset_index()
    support = frame.groupby("label").size()
    return (
        pairs.assign(share=pairs["images"] / pairs["label"].map(support))
        .rename(columns={"label": "true", "digit": "predicted"})
        .sort_values(["images", "share"], ascending=False, ignore_index=True)
        .loc[:, ["true", "predicted", "images", "share", *faults]]
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
    """Write predictions as CSV."""
    return to_csv(
        pa.Table.from_pandas(frame.rename_axis("row").reset_index(), preserve_index=False)
    )


def stored_map(
    bucket: Bucket,
    key: str,
    predictions: LabelledPredictions,
    features: Callable[[], Features],
) -> pd.DataFrame:
    """Fetch a map, or make it and keep it; the map kept first counts for everybody.

    Args:
        bucket: Where maps are kept.
        key: Where in it, by the digests of model and images.
        predictions: Those for all the images.
        features: Gives theirs, shape (n, d); called only if there is no map yet.

    Returns:
        The rows that have a place, with columns `x` and `y`; only closeness means something.
    """
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
