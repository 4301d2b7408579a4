"""Everything that can be wrong with a request, in one JSON shape.

    {"error": {"code": "too-large", "message": "…", "detail": "…"}}

`code` is for programs and stays as it is, `message` says what to do, `detail` has the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from mnist.digits import Reason
from mnist.errors import Unavailable
from mnist.images import Rejection

_log = structlog.get_logger(__name__)

_STATUS_OF_REASON = {
    Reason.NOT_AN_IMAGE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Reason.UNSUPPORTED_FORMAT: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Reason.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}


class Fault(BaseModel):
    """What is wrong."""

    code: str = Field(description="for programs", examples=["too-large"])
    message: str = Field(description="for people: what happened and what to do")
    detail: str | None = Field(None, description="the value that decided")
    id: str | None = Field(None, description="of the answer, if an image was looked at")
    model_version: str | None = Field(None, description="the version that would have predicted")


class ErrorAnswer(BaseModel):
    """The shape of every error."""

    error: Fault


class Problem(Exception):
    """A request that gets an error for an answer."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        detail: str | None = None,
        headers: Mapping[str, str] | None = None,
        **answered: str,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.fault = Fault(code=code, message=message, detail=detail, **answered)
        self.headers = headers

    @classmethod
    def of(cls, rejection: Rejection, identifier: str, version: str) -> Problem:
        """Say of a single image why it has no digit."""
        reason = rejection.reason
        status = _STATUS_OF_REASON.get(reason, HTTPStatus.UNPROCESSABLE_ENTITY)
        message, detail = reason.sentence, rejection.detail
        return cls(status, reason.value, message, detail, id=identifier, model_version=version)


def install(application: FastAPI) -> None:
    """Give every error of an application this shape."""
    application.add_exception_handler(HTTPException, _http)
    application.add_exception_handler(Unavailable, _unavailable)
    application.add_exception_handler(Exception, _unexpected)


def answer(problem: Problem) -> JSONResponse:
    """Turn a problem into a response."""
    content = ErrorAnswer(error=problem.fault).model_dump()
    return JSONResponse(content, problem.status, problem.headers)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - installed for this type only
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "-")
    message = f"{request.method} {request.url.path} is not possible here; /docs lists what is."
    return answer(Problem(status, code, message, str(error.detail), error.headers))


async def _unavailable(_request: Request, error: Exception) -> JSONResponse:
    message = "A part of this service did not answer; try again."
    headers = {"Retry-After": "1"}
    return answer(
        Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", message, str(error), headers)
    )


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    # Starlette raises it again after this answer, so that the server logs where it came from.
    _log.error("api.unexpected", path=request.url.path, error=repr(error))
    message = "This service has a fault; its log says which. The image is not to blame."
    return answer(Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", message))
