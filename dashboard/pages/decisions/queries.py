"""What a decision rests on, as tables: gates, changed production images, reviewed labels."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any

import pandas as pd

from dashboard.components.decisions import became
from mnist.digits import Outcome
from mnist.keys import ObjectVersion, batch_of
from mnist.promotion import Decision
from mnist.promotion.checks import Status
from mnist.scoring.receipts import Receipt
from mnist.storage.journal import CANARY, CANARY_ENDED, JournalEntry, running_canary
from mnist.storage.results import Results

_ORDER = [Status.FAILED, Status.NOT_MEASURED, Status.PASSED]
_PLACE = ["key", "etag", "bytes", "scored_at"]


def described(entry: JournalEntry) -> str:
    """Name a decision in a list."""
    return f"{entry.sequence}: version {entry.to_version} {became(entry)}, {entry.at:%Y-%m-%d}"


def end_of_canary(entries: Sequence[JournalEntry], began: JournalEntry) -> JournalEntry | None:
    """Return the decision that ended a trial: the canary's own end, or another champion."""
    later = (entry for entry in entries if entry.sequence > began.sequence)
    return next((e for e in later if e.moves or e.action in {CANARY, CANARY_ENDED}), None)


def began_canary(entries: Sequence[JournalEntry], end: JournalEntry) -> JournalEntry | None:
    """Return the decision that began the trial that another one ended; None if it ended none."""
    before = [entry for entry in entries if entry.sequence < end.sequence]
    running = running_canary(before)
    return running if end.moves or end.action == CANARY_ENDED else None


def canary_batches(
    receipts: Iterable[Receipt], began: JournalEntry, end: JournalEntry | None
) -> pd.DataFrame:
    """List the batches that the version on canary scored during its trial, the newest first.

    Args:
        receipts: The newest of each batch.
        began: The decision that began the trial.
        end: The one that ended it; None if it goes on.

    Returns:
        Columns `batch`, `images` of it that the version predicted, `rejected` and `review` (shares
        of what the whole batch listed, 0-1), and `finished_at`, UTC.
    """
    lines = []
    for receipt in receipts:
        at = receipt.run.finished_at
        if began.to_version not in {model.version for model in receipt.models}:
            continue
        if at < began.at or (end is not None and at > end.at):
            continue
        listed = receipt.listing.count
        review = receipt.outcomes.get(Outcome.SCORED, 0) - receipt.accepted
        rejected = receipt.outcomes.get(Outcome.REJECTED, 0)
        shares = (rejected / listed, review / listed) if listed else (None, None)
        images = receipt.predicted_by(began.to_version)
        lines.append((receipt.batch, images, *shares, at.astimezone(UTC).replace(tzinfo=None)))
    frame = pd.DataFrame(lines, columns=["batch", "images", "rejected", "review", "finished_at"])
    return frame.sort_values("finished_at", ascending=False, ignore_index=True)


def gates(decision: Decision) -> pd.DataFrame:
    """List the gates, failed ones first.

    Returns:
        Columns `outcome`, `gate`, `kind`, `measured`, `limit` and `sentence`.
    """
    checks = sorted(
        decision.evidence.get("checks", []), key=lambda check: _ORDER.index(check["status"])
    )
    lines = [
        (
            check["status"],
            check["name"],
            "against the champion" if check["relative"] else "alone",
            check["value"],
            check["limit"],
            check["sentence"],
        )
        for check in checks
    ]
    frame = pd.DataFrame(
        lines, columns=["outcome", "gate", "kind", "measured", "limit", "sentence"]
    )
    return frame.astype({"measured": "Float64", "limit": "Float64"})


def comparison(decision: Decision) -> Mapping[str, Any] | None:
    """Return the comparison with the champion on the test images; None if there was none."""
    compared: Mapping[str, Any] | None = decision.evidence.get("comparison", {}).get("as_given")
    return compared


def changed_images(decision: Decision) -> pd.DataFrame:
    """List production images for which the candidate predicts another digit, as far as recorded.

    Returns:
        Columns `key`, `before` (the champion's digit), `after` and `images`: how many change so,
        of which a few are recorded. Most frequent changes first.
    """
    flips = (decision.evidence.get("replay") or {}).get("flips", [])
    lines = [
        (key, flip["before"], flip["after"], flip["images"])
        for flip in flips
        for key in flip["keys"]
    ]
    return pd.DataFrame(lines, columns=["key", "before", "after", "images"])


def labelled_images(decision: Decision) -> pd.DataFrame:
    """List reviewed images that only one of both versions predicts as labelled.

    Returns:
        Columns `key`, `label`, `before` (the champion's digit) and `after`.
    """
    changes = (decision.evidence.get("reviewed") or {}).get("changes", {})
    lines = [*changes.get("fixed", []), *changes.get("broken", [])]
    return pd.DataFrame(lines, columns=["key", "label", "before", "after"])


def left_out(decision: Decision) -> pd.DataFrame:
    """List why labels were not used: columns `reason` and `labels`."""
    reasons = (decision.evidence.get("reviewed") or {}).get("left_out", {})
    return pd.DataFrame(list(reasons.items()), columns=["reason", "labels"])


def places_of(results: Results, keys: Iterable[str]) -> dict[str, ObjectVersion]:
    """Look up the object version that was scored last under each key; keys without a row lack."""
    asked = set(keys)
    latest: dict[str, tuple[Any, ObjectVersion]] = {}
    for batch in sorted({batch_of(key) for key in asked}):
        for _, table in results.parts(batch, _PLACE):
            for row in table.to_pylist():
                key, at = row["key"], row["scored_at"]
                if key in asked and (key not in latest or at > latest[key][0]):
                    latest[key] = at, ObjectVersion(key, row["etag"], row["bytes"])
    return {key: version for key, (_, version) in latest.items()}


def with_decision_about(entries: Sequence[JournalEntry], version: str) -> str | None:
    """Return the number of the last decision about a version; None if there is none."""
    numbers = [str(entry.sequence) for entry in entries if entry.to_version == version]
    return numbers[-1] if numbers else None
