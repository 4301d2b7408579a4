"""From a request to the bytes of one or several files, within bounds of size, number and time."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from api.bodies import image_of_text, images_in, is_data_url, unpacked
from api.problems import Problem
from mnist.settings import Settings

_MAX_TEXT_FIELDS = 20
_LAYOUT, _TEMPLATE, _CONSENT = "layout", "template", "capture_consent"
"""Names of the parts of a form that are no images to be predicted."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a request; `name` is what the client called it, if anything."""

    name: str | None
    content: bytes


class Upload(NamedTuple):
    """What a request holds.

    Attributes:
        files: The images.
        is_list: Whether the client expects a list of predictions, also of one.
        layout: How the images are cut into places; None if each is one digit.
        template: The file of the empty form, if the layout has fields and one was sent.
        consent: What the form says of whether the images may be kept; None if nothing.
    """

    files: list[File]
    is_list: bool
    layout: bytes | None = None
    template: bytes | None = None
    consent: str | None = None


async def files_of(request: Request, settings: Settings) -> Upload:
    """Take the images out of a request: parts of a multipart form, or what its body holds.

    The settings say how large it may be, how many files it may hold, and how long it may take.

    Raises:
        Problem: If the body is too large, too slow, broken, or holds no file.
    """
    body = await _received(request, settings)
    encoding = request.headers.get("content-encoding", "")
    body = unpacked(body, encoding, settings.api_max_request_bytes)
    content_type = request.headers.get("content-type", "").lower()
    if not content_type.startswith("multipart/"):
        contents, is_list = await asyncio.to_thread(
            images_in, body, content_type, settings.api_max_files
        )
        return Upload([File(None, content) for content in contents], is_list)
    limits = {"max_files": settings.api_max_files, "max_fields": _MAX_TEXT_FIELDS}
    parser = _InMemory(request.headers, _once(body), **limits)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        message = 'The form cannot be read; send one as in `curl -F "file=@digit.png"`.'
        raise Problem(HTTPStatus.BAD_REQUEST, "bad-form", message, error.message) from error
    layout = await _bytes_of(form.get(_LAYOUT))
    special = {_LAYOUT} if layout is None else {_LAYOUT, _TEMPLATE}
    template = None if layout is None else await _bytes_of(form.get(_TEMPLATE))
    files = [
        File(part.filename, await part.read())
        if isinstance(part, UploadFile)
        else File(None, image_of_text(part))
        for name, part in form.multi_items()
        if name not in special and (isinstance(part, UploadFile) or is_data_url(part))
    ]
    consent = form.get(_CONSENT)
    await form.close()
    if not files:
        message = 'The form holds no file; send one as in `curl -F "file=@digit.png"`.'
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "no-file", message)
    consent_text = consent if isinstance(consent, str) else None
    return Upload(files, is_list=False, layout=layout, template=template, consent=consent_text)


async def _bytes_of(part: UploadFile | str | None) -> bytes | None:
    """Read a part of a form, a file or a text; None if there is none."""
    if isinstance(part, UploadFile):
        return await part.read()
    return None if part is None else part.encode()


class _InMemory(MultiPartParser):
    """A parser that writes nothing to disk: the body is in memory already."""

    spool_max_size = sys.maxsize


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


async def _received(request: Request, settings: Settings) -> bytes:
    """Read the whole body, and not much more than is allowed."""
    declared = request.headers.get("content-length", "")
    most, seconds = settings.api_max_request_bytes, settings.api_timeout_seconds
    if declared.isdecimal() and int(declared) > most:
        raise _too_large(f"{declared} bytes", most)
    received = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                received += piece
                if len(received) > most:
                    raise _too_large("more bytes", most)
    except TimeoutError as error:
        message = f"The request did not arrive within {seconds:g} seconds."
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, "too-slow", message) from error
    except ClientDisconnect as error:
        message = "The connection ended before the request did."
        raise Problem(HTTPStatus.BAD_REQUEST, "disconnected", message) from error
    return bytes(received)


def _too_large(what: str, most: int) -> Problem:
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too-large",
        "The request is too large; send fewer or smaller files.",
        f"{what}; at most {most} bytes are accepted",
        {"Connection": "close"},
    )
