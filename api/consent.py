"""Who asks, and whether the images of a request may be kept."""

from http import HTTPStatus

from fastapi import Request

from api.problems import Problem
from api.uploads import Upload
from mnist.captured import DEFAULT_CLIENT
from mnist.settings import Settings

CONSENT_HEADER = "X-Capture-Consent"
CLIENT_HEADER = "X-Client"

_YES = frozenset({"yes", "true", "1"})


def client_of(request: Request, settings: Settings) -> str:
    """Name the client by what it says of itself.

    Raises:
        Problem: If nobody has told this API of such a client.
    """
    name = request.headers.get(CLIENT_HEADER, DEFAULT_CLIENT)
    if name == DEFAULT_CLIENT or name in settings.api_client_names:
        return name
    message = f"{CLIENT_HEADER} names a client that is not known here; leave it out, or ask for it."
    raise Problem(HTTPStatus.BAD_REQUEST, "unknown-client", message, repr(name))


def consents(request: Request, upload: Upload, settings: Settings) -> bool:
    """Tell whether the images of a request may be kept.

    Where the request says nothing it is a no, unless clients have consented by contract. Of a
    header and a field of the form that disagree, the no counts.
    """
    if settings.api_capture == "off":
        return False
    words = [request.headers.get(CONSENT_HEADER), upload.consent]
    answers = [word.strip().lower() in _YES for word in words if word is not None]
    return all(answers) if answers else settings.api_capture == "contract"
