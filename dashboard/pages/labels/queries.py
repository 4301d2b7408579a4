"""Labels as a table: image, answer, who gave it, how settled it is, and what learned from it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa

from mnist.registry.records import TrainingRun, Version
from mnist.reviews.agreement import Consensus, State
from mnist.spreadsheets import to_csv

COLUMNS = ["sha256", "key", "answer", "who", "answered", "state", "learned"]
HIDDEN = "hidden until agreed"
_NEXT = "the next training"
_AUDIT = "none: audited, so it measures"
_NO_DIGIT = "none: no digit"


def trainings(versions: Iterable[Version], runs: Sequence[TrainingRun]) -> dict[str, datetime]:
    """Say when the training of each version began, the oldest first."""
    began = {run.run_id: run.started_at for run in runs}
    pairs = [(v.version, began[v.run_id]) for v in versions if v.run_id in began]
    return dict(sorted(pairs, key=lambda pair: pair[1]))


def labels(
    images: Iterable[Consensus], reviewer: str, began: Mapping[str, datetime]
) -> pd.DataFrame:
    """List the images that people have answered for, the last answered first; times are UTC.

    What others answered is hidden until it is agreed on, so that nobody follows them.

    Args:
        images: What people answered.
        reviewer: Who looks at the table.
        began: Version -> when its training began, see `trainings`.

    Returns:
        Columns `COLUMNS`.
    """
    lines = [
        (
            image.sha256,
            image.versions[0].key,
            answer_for(image, reviewer),
            ", ".join(image.reviewers),
            max(review.at for review in image.reviews).astimezone(UTC).replace(tzinfo=None),
            str(image.state),
            learned_by(image, began),
        )
        for image in images
    ]
    frame = pd.DataFrame(lines, columns=COLUMNS)
    return frame.sort_values("answered", ascending=False, ignore_index=True)


def answer_for(image: Consensus, reviewer: str) -> str:
    """Say what was answered, as far as this reviewer may see it."""
    if agreed := image.value or image.answer:
        return str(agreed)
    own = [review.reply for review in image.reviews if review.reviewer == reviewer]
    return f"{own[0]} (yours)" if own else HIDDEN


def learned_by(image: Consensus, began: Mapping[str, datetime]) -> str:
    """Name the first version whose training began after the label was agreed on."""
    if image.state is not State.AGREED:
        return ""
    if image.was_audited:
        return _AUDIT
    if image.value is None and (image.answer is None or image.answer.digit is None):
        return _NO_DIGIT
    agreed = max(review.at for review in image.reviews if review.reviewer in image.supporters)
    first = next((version for version, start in began.items() if start > agreed), None)
    return _NEXT if first is None else f"version {first} and later ones"


def matching(
    frame: pd.DataFrame, *, states: Sequence[str], answers: Sequence[str], who: str
) -> pd.DataFrame:
    """Keep labels in one of these states, with one of these answers, and by this person."""
    keep = pd.Series(data=True, index=frame.index)
    if states:
        keep &= frame["state"].isin(states)
    if answers:
        keep &= frame["answer"].str.removesuffix(" (yours)").isin(answers)
    if who:
        keep &= frame["who"].map(lambda names: who in names.split(", ")).astype(bool)
    return frame[keep]


def as_csv(frame: pd.DataFrame) -> bytes:
    """Write labels as CSV that a spreadsheet computes nothing of."""
    return to_csv(pa.Table.from_pandas(frame, preserve_index=False))
