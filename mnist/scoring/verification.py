"""Verification: does a receipt hold, from what lies in the results bucket alone?"""

from collections import Counter
from collections.abc import Iterable

import pyarrow as pa

from mnist.digits import Outcome
from mnist.scoring.identities import Identities
from mnist.scoring.receipts import PartRecord, Receipt
from mnist.scoring.tally import Counted, Tally


def find_problems(
    receipt: Receipt, parts: Iterable[tuple[PartRecord, pa.Table]]
) -> tuple[str, ...]:
    """Hold a receipt against the parts of its batch.

    Args:
        receipt: What a run stated.
        parts: Every part of the batch as it lies in the store now, with the digest of its bytes;
            taken one after the other.

    Returns:
        One sentence per problem, naming the part it is about; empty if the receipt holds.
    """
    stated = {part.key: part for part in receipt.parts}
    problems = []
    counting = Tally()
    for part, rows in parts:
        claim = stated.pop(part.key, None)
        if claim is None:
            continue  # written after the receipt
        counting.add(rows)
        if part.sha256 != claim.sha256:
            problems.append(
                f"Part {part.key} was changed: its SHA-256 is {part.sha256}, "
                f"the receipt says {claim.sha256}."
            )
    problems += [f"Part {key} is missing." for key in stated]
    return (*problems, *_row_problems(receipt, counting.counted()))


def _row_problems(receipt: Receipt, rows: Counted) -> list[str]:
    problems = []
    unlisted = Identities.of(version.identity for version in receipt.unlisted)
    unsettled = Identities.of(version.identity for version in receipt.unsettled)
    counted = rows.without(unlisted)
    with_row = Identities(counted.identities)
    listed = with_row | unsettled
    if len(listed) != len(with_row) + len(receipt.unsettled):
        problems.append("An object version has both a row and an entry as superseded or vanished.")
    if listed.digest != receipt.listing.digest and not receipt.missing:
        problems.append(
            f"The rows are not those of the listing: {len(listed)} object versions with digest "
            f"{listed.digest}, the receipt lists {receipt.listing.count} with "
            f"{receipt.listing.digest}."
        )
    outcomes = counted.by(lambda facts: facts.outcome)
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


def _sums(outcomes: Counter[Outcome] | dict[Outcome, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items())) or "nothing"
