"""Two versions on the same test images: what one mended and what it broke."""

import io
import json
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from dashboard.components.labelled_predictions import LabelledPredictions
from mnist.errors import IntegrityError, InvalidInput
from mnist.evaluation.statistics import Interval, PairedTest, mcnemar, score_interval
from mnist.registry.catalogue import HISTORY, Catalogue
from mnist.registry.records import TrainingRun, VersionDetails

_TABLE = "comparison.csv"
_DRAWN = ["model", "complexity", "accuracy", "training_seconds"]


class Fate(StrEnum):
    """What became of an image from one version to the other."""

    FIXED = "fixed"
    BROKEN = "broken"
    STILL_WRONG = "still wrong"


@dataclass(frozen=True, eq=False)
class Difference:
    """Two versions side by side.

    Attributes:
        frame: Predictions of the second version where one of them is wrong, most surprising
            first, with `before` (the digit that the first predicted) and `fate`.
        images: How many images both predicted.
        test: Exact McNemar test; gained is fixed, lost is broken.
        interval: Of the difference in accuracy, second minus first (Tango 1998).
    """

    frame: pd.DataFrame
    images: int
    test: PairedTest
    interval: Interval

    def count(self, fate: Fate) -> int:
        """Count the images of a kind."""
        return int((self.frame["fate"] == fate).sum())


def difference(first: LabelledPredictions, second: LabelledPredictions) -> Difference:
    """Compare two versions image by image.

    Raises:
        InvalidInput: If they did not predict the same images.
    """
    if not np.array_equal(first.labels, second.labels):
        raise InvalidInput(
            "The two versions were measured on different test images, which compares nothing; "
            "choose versions that were trained on the same data."
        )
    before, after = (predictions.frame["right"].to_numpy(bool) for predictions in (first, second))
    fates = np.select(
        [~before & after, before & ~after, ~before & ~after],
        [Fate.FIXED, Fate.BROKEN, Fate.STILL_WRONG],
        "",
    )
    loss = np.maximum(first.frame["loss"], second.frame["loss"])
    frame = second.frame.assign(before=first.frame["digit"], fate=fates, worst=loss)
    wrong = frame[frame["fate"] != ""].sort_values("worst", ascending=False, kind="stable")
    images, gained, lost = len(before), int((~before & after).sum()), int((before & ~after).sum())
    interval = score_interval(gained, lost, images)
    return Difference(wrong, images, mcnemar(gained, lost), interval)


def history(catalogue: Catalogue, details: VersionDetails) -> pd.DataFrame:
    """Fetch how a version was trained, epoch by epoch; empty if its run kept nothing.

    Returns:
        Columns `version`, `epoch`, `measure` (`loss` or `accuracy`), `images` (`training` or
        `validation`) and `value`.

    Raises:
        IntegrityError: If the file is no history.
    """
    content = catalogue.file(details.run, HISTORY)
    columns = ["version", "epoch", "measure", "images", "value"]
    if content is None:
        return pd.DataFrame(columns=columns)
    try:
        records = [
            {
                "version": f"version {details.version}",
                "epoch": int(epoch["number"]),
                "measure": measure,
                "images": images,
                "value": float(epoch[f"{prefix}{measure}"]),
            }
            for epoch in json.loads(content)
            for measure in ("loss", "accuracy")
            for images, prefix in (("training", ""), ("validation", "validation_"))
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise IntegrityError(
            f"{HISTORY} of version {details.version} cannot be read ({error!r}); its run in MLflow "
            "has the same numbers."
        ) from error
    return pd.DataFrame(records, columns=columns)


def compared_models(catalogue: Catalogue, run: TrainingRun) -> pd.DataFrame:
    """Fetch the table of a comparison of models.

    Raises:
        IntegrityError: If it is lost or no table.
    """
    content = catalogue.file(run, _TABLE)
    try:
        table = pd.read_csv(io.BytesIO(content or b""))
        _ = table[_DRAWN]
    except (ValueError, KeyError) as error:
        raise IntegrityError(
            f"{_TABLE} of {run.name} cannot be read ({error}); run `compare-models/default` again."
        ) from error
    return table
