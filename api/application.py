"""The application: what is served at which path."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST

from api import problems
from api.below_path import BelowPath
from api.champion import Champion, Registry
from api.consent import CLIENT_HEADER, CONSENT_HEADER
from api.problems import ErrorAnswer, Problem
from api.schemas import (
    CutResponse,
    CutsResponse,
    HealthResponse,
    PredictionResponse,
    PredictionsResponse,
    model_fields,
)
from api.service import Service
from mnist.images import preprocessing_digest
from mnist.services import Services
from mnist.settings import Settings, load_settings
from mnist.storage.acceptance import AcceptanceLog
from mnist.storage.bucket import Bucket

_ANY_FILE = {"schema": {"type": "string", "format": "binary"}}
_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "layout": {
                            "type": "string",
                            "description": "how the file is cut into places, as _LAYOUT.json says",
                        },
                        "template": {
                            "type": "string",
                            "format": "binary",
                            "description": "beside a layout with fields: the empty form",
                        },
                        "capture_consent": {
                            "type": "string",
                            "description": "`yes` if the images may be kept",
                        },
                    },
                }
            },
            "application/octet-stream": _ANY_FILE,
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "image": {"type": "string", "description": "base64 or a data URL"},
                        "instances": {"type": "array", "items": {}},
                    },
                },
                "example": {"image": "data:image/png;base64,…"},
            },
            "application/x-www-form-urlencoded": {
                "schema": {"type": "object", "properties": {"image": {"type": "string"}}}
            },
        },
    },
}
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": text}
    for status, text in {
        400: "The form or its packing is broken, the connection ended, or the client is unknown.",
        401: "The API key is missing or wrong.",
        408: "The request arrived too slowly.",
        413: "Too many bytes or pixels.",
        415: "Not an image, or no format or encoding we read; the message says how to send it.",
        422: "No file, an image without a readable digit, or a layout of no use.",
        503: "No champion yet, or too busy; try again.",
    }.items()
}
_PAGE_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "connect-src 'self'; img-src blob: data:; frame-ancestors 'none'; base-uri 'none'"
)


def app() -> FastAPI:
    """Make the application that the environment describes; for uvicorn's `--factory`."""
    settings = load_settings()
    services = Services(settings)
    inbox = services.bucket(settings.inbox_bucket)
    return create(settings, services.registry, services.acceptance, inbox)


def create(
    settings: Settings, registry: Registry, acceptance: AcceptanceLog, inbox: Bucket
) -> FastAPI:
    """Make the application over any registry; captured images go into the inbox."""
    champion = Champion(
        registry, acceptance, settings.api_refresh_seconds, settings.api_client_names
    )
    service = Service(settings, champion, inbox)

    @asynccontextmanager
    async def lifespan(_application: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(champion.look)
        following = asyncio.create_task(champion.follow())
        yield
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        service.close()

    application = FastAPIOffline(
        title="Handwritten digits",
        description="Predicts one digit per image, with an honest confidence, or says why not.",
        version="1",
        lifespan=lifespan,
    )
    if settings.api_root_path:
        application.add_middleware(BelowPath, root_path=settings.api_root_path)
    if settings.api_cors_origins:
        application.add_middleware(
            CORSMiddleware,
            allow_origins=[origin.strip() for origin in settings.api_cors_origins.split(",")],
            allow_methods=["GET", "POST"],
            allow_headers=[
                *("Authorization", "Content-Type", "X-API-Key", CLIENT_HEADER, CONSENT_HEADER),
            ],
        )
    problems.install(application)
    _add_routes(application, service)
    return application


def _add_routes(application: FastAPI, service: Service) -> None:
    page = (files("api") / "upload.html").read_text()

    @application.post(
        "/predict",
        response_model=PredictionResponse | PredictionsResponse | CutResponse | CutsResponse,
        responses=_ERRORS,
        openapi_extra=_UPLOAD,
        summary="Predict one digit, several files with one digit each, or what a layout cuts out",
    )
    async def predict(request: Request) -> Response:
        started = time.perf_counter()
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR
        service.telemetry.begin()
        try:
            response = await _answer(service, request)
            status = response.status_code
            return response
        finally:
            service.telemetry.end(status, time.perf_counter() - started)

    @application.get(
        "/health", response_model=HealthResponse, summary="Whether predictions can be had"
    )
    async def health() -> JSONResponse:
        return JSONResponse(_health(service.champion))

    @application.get("/ready", include_in_schema=False)
    async def ready() -> JSONResponse:
        loaded = service.champion.served is not None
        status = HTTPStatus.OK if loaded else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse(_health(service.champion), status)

    @application.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        service.telemetry.note_acceptance(service.champion.acceptance)
        return Response(service.telemetry.exposition(), media_type=CONTENT_TYPE_LATEST)

    @application.get("/", include_in_schema=False)
    async def upload_page() -> HTMLResponse:
        return HTMLResponse(page, headers={"Content-Security-Policy": _PAGE_POLICY})


async def _answer(service: Service, request: Request) -> Response:
    try:
        return JSONResponse(await service.predict(request))
    except Problem as problem:
        return problems.answer(problem)


def _health(champion: Champion) -> dict[str, object]:
    served = champion.served
    return {
        "status": "no-champion" if served is None else "ok",
        "model_loaded": served is not None,
        **model_fields(None if served is None else served.model),
        "preprocessing_digest": preprocessing_digest(),
        "problem": champion.problem,
    }
