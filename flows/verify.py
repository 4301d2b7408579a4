"""Verify a batch: hold its last receipt against the rows, from the results bucket alone."""

from typing import Any

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from flows.support.parameters import Text, spelled
from mnist import services
from mnist.errors import IntegrityError


@flow(name="verify", flow_run_name="verify-{batch}")
def verify(batch: Text) -> dict[str, Any]:
    """Prove that every listed object version of a batch has exactly one outcome.

    Reads the last receipt and every part it names; needs neither inbox nor registry. What it finds
    is kept, and the list of batches shows it.

    Args:
        batch: Name of a batch that has been scored.

    Returns:
        The receipt's sums.

    Raises:
        InvalidBatch: If the batch has no receipt.
        IntegrityError: Naming each part that is missing or changed, each sum that is wrong.
    """
    batch = spelled(batch, lambda: services.current().results.latest_receipts().by_batch)
    receipt, problems = services.current().results.verify(batch)
    services.current().verifications.record(receipt, f"flow run {flow_run.name}", problems)
    if problems:
        raise IntegrityError(f"Receipt of batch {batch!r} does not hold: {' '.join(problems)}")
    get_run_logger().info(
        "The receipt of %s holds: %d object versions in %d parts.",
        batch,
        receipt.listing.count,
        len(receipt.parts),
    )
    return receipt.summary()
