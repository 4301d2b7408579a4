"""The store's errors in our words, decided by exception type, HTTP status and answered `<Code>`.

Never by a search in the text of an error: that contains the key, and a key may be called
`AccessDenied`. Source of the codes: "Error responses" in the Amazon S3 API reference.
"""

import re

from botocore.exceptions import ClientError, NoCredentialsError, PartialCredentialsError
from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

from mnist.errors import AccessDenied, InvalidSettings, MnistError, Unavailable, Unsupported

_REFUSED = (
    NoCredentialsError,
    PartialCredentialsError,
    PermissionDeniedError,
    UnauthenticatedError,
)
_REFUSED_CODES = {
    "AccessDenied",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}

# obstore's whole text begins so when botocore could not fetch credentials anew.
_NO_CREDENTIALS = (
    "The operation lacked valid authentication credentials for path External AWS credential "
    "provider: "
)

# obstore has no fields for status and body. Its text has a fixed beginning, in which the key
# stands percent-encoded in an address, without blanks; only this beginning is parsed.
_ANSWER = re.compile(
    r"(?:Generic \S+ error: )?(?:Error performing list request: )?"
    r"Error performing [A-Z]+ \S+ in \S+ - Server returned non-2xx status code: (\d{3})"
    r"[^:]*: (?:.*?<Code>(\w+)</Code>)?",
    re.DOTALL,
)

_METADATA = re.compile(r"Generic \S+ error: Metadata value for ")


def code_of(error: Exception, key: str = "") -> tuple[int, str]:
    """Return HTTP status and S3 error code of an answer; 0 and empty where there was none.

    Args:
        error: Of obstore or boto3.
        key: What was asked for; the text of a missing object begins with it.
    """
    if isinstance(error, ClientError):
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        return status, str(error.response.get("Error", {}).get("Code", ""))
    text = str(error).removeprefix(f"Object at location {key} not found: ")
    answer = _ANSWER.match(text)
    return (int(answer[1]), answer[2] or "") if answer else (0, "")


def is_unreadable_metadata(error: Exception) -> bool:
    """Tell whether obstore refused an object for user metadata that are not ASCII."""
    return _METADATA.match(str(error)) is not None


def store_error(error: Exception, attempt: str, bucket: str, key: str = "") -> MnistError:
    """Say what an error of obstore or boto3 means and what to do about it.

    Args:
        error: Anything but the answers that a verb gives a meaning of its own.
        attempt: What was to be done, as a verb with its object.
        bucket: Name of the bucket.
        key: What was asked for, if it was one object.
    """
    status, code = code_of(error, key)
    if code == "NoSuchBucket" or (isinstance(error, FileNotFoundError) and not key):
        return InvalidSettings(
            f"Bucket {bucket!r} does not exist; create it or correct the setting."
        )
    if str(error).startswith(_NO_CREDENTIALS):
        return Unavailable(
            f"The credentials of this machine's role could not be fetched to {attempt} in bucket "
            f"{bucket!r}; check the role and its endpoint, then run again."
        )
    if isinstance(error, _REFUSED) or status in {401, 403} or code in _REFUSED_CODES:
        return AccessDenied(
            f"The store refused to {attempt} in bucket {bucket!r}: check AWS_ACCESS_KEY_ID, "
            f"AWS_SECRET_ACCESS_KEY and what that key may do{f' ({code})' if code else ''}."
        )
    if status == 501 or code == "NotImplemented":
        return Unsupported(f"The store does not know how to {attempt} in bucket {bucket!r}.")
    first_line = next(iter(str(error).splitlines()), "")[:300] or type(error).__name__
    return Unavailable(
        f"The store did not {attempt} in bucket {bucket!r} ({first_line}); "
        "check AWS_ENDPOINT_URL and that the store is up, then run again.",
        service="" if status else "store",
    )
