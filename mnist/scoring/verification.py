"""Verification: does a receipt hold, from what lies in the results bucket alone?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pyarrow as pa

from mnist.digits import Outcome
from mnist.keys import identity, listing_digest
from mnist.scoring.receipts import PartRecord, Receipt, VersionRecord
from mnist.tables import one_row_each


def find_problems(
    receipt: Receipt, parts: Sequence[tuple[PartRecord, pa.Table]]
) -> tuple[str, ...]:
    """Hold a receipt against the parts of its batch.

    Args:
        receipt: What a run stated.
        parts: Every part of the batch as it lies in the store now, with the digest of its bytes.

    Returns:
        One sentence per problem, naming the part it is about; empty if the receipt holds.
    """
    found = {part.key: (part, table) for part, table in parts}
    problems = [
        problem
        for stated in receipt.parts
        if (problem := _part_problem(stated, found.get(stated.key))) is not None
    ]
    stated_keys = {part.key for part in receipt.parts}
    rows = one_row_each(table for key, (_, table) in found.items() if key in stated_keys)
    return (*problems, *_row_problems(receipt, rows))


def _part_problem(stated: PartRecord, found: tuple[PartRecord, pa.Table] | None) -> str | None:
    if found is None:
        return f"Part {stated.key} is missing."
    part, _ = found
    if part.sha256 != stated.sha256:
        return (
            f"Part {stated.key} was changed: its SHA-256 is {part.sha256}, "
            f"the receipt says {stated.sha256}."
        )
    return None


def _row_problems(receipt: Receipt, rows: pa.Table) -> list[str]:
    problems = []
    unlisted = {_identity(version) for version in receipt.unlisted}
    with_row = [each for each in rows["identity"].to_pylist() if each not in unlisted]
    listed = with_row + [_identity(version) for version in receipt.unsettled]
    if len(set(listed)) != len(listed):
        problems.append("An object version has both a row and an entry as superseded or vanished.")
    if (digest := listing_digest(set(listed))) != receipt.listing.digest:
        problems.append(
            f"The rows are not those of the listing: {len(listed)} object versions with digest "
            f"{digest}, the receipt lists {receipt.listing.count} with {receipt.listing.digest}."
        )
    outcomes = Counter(
        Outcome(outcome)
        for each, outcome in zip(
            rows["identity"].to_pylist(), rows["outcome"].to_pylist(), strict=True
        )
        if each not in unlisted
    )
    outcomes.update(version.outcome for version in receipt.unsettled)
    if dict(outcomes) != receipt.outcomes:
        problems.append(
            f"The sums differ: {_sums(outcomes)} in the rows, {_sums(receipt.outcomes)} stated."
        )
    if not receipt.is_balanced:
        problems.append(
            f"The receipt itself does not balance: {receipt.listing.count} listed, "
            f"{_sums(receipt.outcomes)}, {receipt.missing} missing."
        )
    return problems


def _identity(version: VersionRecord) -> bytes:
    return identity(version.key, version.etag, version.size)


def _sums(outcomes: Counter[Outcome] | dict[Outcome, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items())) or "nothing"
