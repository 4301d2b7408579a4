"""What the store's refusals mean: the errors of both clients in our own words."""

from __future__ import annotations

from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

from mnist.errors import AccessDenied, InvalidSettings, Unavailable


def explained(
    error: Exception, attempt: str, bucket: str
) -> AccessDenied | InvalidSettings | Unavailable:
    """Say what an error of obstore or boto3 means and what to do about it.

    Args:
        error: Anything but the answers that a verb gives a meaning of its own.
        attempt: What was to be done, as a verb with its object.
        bucket: Name of the bucket.
    """
    text = str(error)
    if "NoSuchBucket" in text:
        return InvalidSettings(
            f"Bucket {bucket!r} does not exist; create it or correct the setting."
        )
    refused = isinstance(error, PermissionDeniedError | UnauthenticatedError)
    if refused or " 403 " in text or "(403)" in text or "AccessDenied" in text:
        return AccessDenied(
            f"The store refused to {attempt} in bucket {bucket!r}: check "
            "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and what that key may do."
        )
    first_line = text.splitlines()[0][:300] if text else type(error).__name__
    return Unavailable(
        f"The store did not {attempt} in bucket {bucket!r} ({first_line}); "
        "check AWS_ENDPOINT_URL and that the store is up, then run again."
    )
