"""Verify what receipts and journal state, from the results bucket alone."""

from typing import Any

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from flows.support.parameters import OptionalText, spelled
from mnist import services
from mnist.errors import IntegrityError
from mnist.scoring.receipts import Receipt

_SHOWN = 20


def _run_name() -> str:
    return f"verify-{flow_run.parameters.get('batch') or 'everything'}"


@flow(name="verify", flow_run_name=_run_name)
def verify(batch: OptionalText = None) -> dict[str, Any]:
    """Prove that every listed object version of a batch has exactly one outcome.

    Reads the receipts of the batch and every part that the last one names; needs neither inbox nor
    registry. What it finds is kept, and the list of batches shows it. Where the receipt holds, the
    files under `current/` are brought to it, should they be missing or old.

    Args:
        batch: Name of a batch that has been scored; left out, every batch is verified, and the
            journal of decisions and the acceptance log too.

    Returns:
        The receipt's sums; of everything, how many batches there are.

    Raises:
        InvalidBatch: If the batch has no receipt.
        IntegrityError: Naming each part, receipt and journal entry that is missing, changed or not
            signed as it should be, and each sum that is wrong.
    """
    if batch is not None:
        batch = spelled(batch, lambda: services.current().results.latest_receipts().by_batch)
        receipt, problems = _verify_batch(batch)
        if problems:
            raise IntegrityError(f"Receipt of batch {batch!r} does not hold: {' '.join(problems)}")
        return receipt.summary()
    current = services.current()
    violations = [*current.journal.problems(), *current.acceptance.problems()]
    batches = sorted(current.results.latest_receipts().by_batch)
    for name in batches:
        violations += _verify_batch(name)[1]
    if violations:
        rest = f" And {len(violations) - _SHOWN} more." if len(violations) > _SHOWN else ""
        raise IntegrityError(f"Not everything holds: {' '.join(violations[:_SHOWN])}{rest}")
    get_run_logger().info("The journal and the receipts of %d batches hold.", len(batches))
    return {"batches": len(batches)}


def _verify_batch(batch: str) -> tuple[Receipt, tuple[str, ...]]:
    """Verify one batch, keep what was found, and say that it holds if it does."""
    current = services.current()
    receipt, problems = current.results.verify(batch)
    current.verifications.record(receipt, f"flow run {flow_run.name}", problems)
    if not problems:
        current.current_rows.refresh(batch)
        get_run_logger().info(
            "The receipt of %s holds: %d object versions in %d parts; it is %s.",
            batch,
            receipt.listing.count,
            len(receipt.parts),
            current.results.signer(receipt),
        )
    return receipt, problems
