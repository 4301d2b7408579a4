"""Remove captured images: those whose time is over, or one on request."""

from datetime import UTC, datetime
from typing import Any

from prefect import flow, get_run_logger

from flows.support.parameters import OptionalText, Text
from mnist import services


@flow(name="remove-captured")
def remove_captured(
    identifier: OptionalText = None, who: Text = "", why: Text = ""
) -> dict[str, Any]:
    """Remove images that the online API has captured from the inbox; nothing else is touched.

    Rows, with the digest of the bytes and no picture, and labels stay.

    Args:
        identifier: The `id` of one answer, whose image is removed now; left out, every image is
            removed that was sent longer ago than MNIST_API_CAPTURE_DAYS.
        who: Who wants the one image removed; recorded in the audit log.
        why: Their reason, recorded with it.

    Returns:
        The `key` of the one image; or how many `folders` were old and how many `images` were
        removed.

    Raises:
        InvalidInput: If there is no such image, or name or reason are missing.
        Unavailable: If the store does not answer.
    """
    removing = services.current().removing
    if identifier is not None:
        key = removing.remove_one(identifier, who, why)
        get_run_logger().info("Removed %s, as %s asked: %s", key, who, why)
        return {"key": key}
    removal = removing.remove_old(datetime.now(UTC))
    get_run_logger().info(
        "Removed %d captured images from %d folders.", removal.images, removal.folders
    )
    for key in removal.others:
        get_run_logger().warning("%s stays: the API has not written it; move it elsewhere.", key)
    return {"folders": removal.folders, "images": removal.images}
