"""Values of several digits by what their check said, and by what people corrected."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from dashboard.components.batch_rows import BatchRows, Decision
from mnist.layouts import CheckResult
from mnist.reviews.agreement import State, consensuses
from mnist.reviews.corrections import Change, Correction, corrections
from mnist.reviews.review import Review

_ONE_PERSON = 1
"""A value that somebody looked at and nobody contradicted is good enough to measure by."""


@dataclass(frozen=True)
class Group:
    """Some values of a batch.

    Attributes:
        name: As the address names them.
        sentence: What they have in common, for people.
        rows: Their rows in the frame of the batch.
    """

    name: str
    sentence: str
    rows: tuple[int, ...]


def written_values(reviews: Iterable[Review], needed: int) -> dict[str, str]:
    """Tell what is written in places that people looked at: digest -> value.

    What was answered in an audit is left out until it is agreed on: nobody is to be told before.
    """
    recorded = list(reviews)
    agreed = consensuses(recorded, needed)
    return {
        sha256: place.value
        for sha256, place in consensuses(recorded, _ONE_PERSON).items()
        if place.value is not None
        and (not place.was_audited or agreed[sha256].state is State.AGREED)
    }


def values_in(rows: BatchRows, written: Mapping[str, str]) -> pd.DataFrame:
    """Take the values of several digits of a batch, with what people found written there.

    Returns:
        The rows of the frame of the batch, and the columns `written` (None where nobody looked)
        and `corrections`.
    """
    is_value = rows.frame["value"].notna() & rows.frame["digit"].isna()
    frame = rows.frame[is_value]
    digests = rows.table["sha256"].take(frame.index.to_numpy()).to_pylist()
    texts = [written.get(sha256) for sha256 in digests]
    differences = [
        [] if text is None else corrections(value, text)
        for value, text in zip(frame["value"], texts, strict=True)
    ]
    return frame.assign(
        written=pd.Series(texts, frame.index, object),
        corrections=pd.Series(differences, frame.index, object),
    )


def by_check(values: pd.DataFrame) -> tuple[pd.DataFrame, list[Group]]:
    """Count values by what their check said, with the group of each line."""
    lines, groups = [], []
    for result in CheckResult:
        of_result = values[values["check"] == result]
        if of_result.empty:
            continue
        looked_at = of_result[of_result["written"].notna()]
        lines.append(
            {
                "check": str(result),
                "values": len(of_result),
                "accepted": int((of_result["decision"] == Decision.ACCEPTED).sum()),
                "for review": int((of_result["decision"] == Decision.REVIEW).sum()),
                "looked at": len(looked_at),
                "corrected": int(looked_at["corrections"].map(bool).sum()),
            }
        )
        sentence = f"Values whose check says {result}."
        groups.append(Group(f"check-{result}", sentence, tuple(of_result.index)))
    return pd.DataFrame(lines), groups


def by_correction(values: pd.DataFrame) -> tuple[pd.DataFrame, list[Group]]:
    """Count what people corrected by change, position and signs, the most frequent first."""
    rows: dict[Correction, list[int]] = {}
    for row, changes in values["corrections"].items():
        for correction in changes:
            rows.setdefault(correction, []).append(int(str(row)))
    ordered = sorted(rows.items(), key=lambda item: (-len(item[1]), item[0]))
    table = pd.DataFrame([(*correction, len(of)) for correction, of in ordered])
    if not table.empty:
        table.columns = pd.Index(["change", "position", "predicted", "written", "values"])
    groups = [
        Group(_name(correction), _sentence(correction), tuple(dict.fromkeys(of)))
        for correction, of in ordered
    ]
    return table, groups


def _name(correction: Correction) -> str:
    change, position, predicted, written = correction
    return f"{change}-{position}-{predicted}-{written}"


def _sentence(correction: Correction) -> str:
    change, position, predicted, written = correction
    return {
        Change.REPLACED: f"{written} at position {position} was predicted as {predicted}.",
        Change.INSERTED: f"A {predicted} too many was predicted before position {position}.",
        Change.DROPPED: f"{written} at position {position} was left out.",
    }[change]
