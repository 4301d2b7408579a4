"""Answering one request for a prediction, from its bytes to its JSON."""

import asyncio
import hmac
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

import structlog
from fastapi import Request

from api.capture import CapturedImage, CaptureQueue
from api.champion import Champion, Served
from api.consent import client_of, consents
from api.layouts import Rows, cut_pictures, cut_response, layout_of
from api.problems import Problem
from api.schemas import Json, model_fields, prediction_response, rejection_response
from api.telemetry import Telemetry
from api.uploads import Upload, files_of
from mnist.captured import new_identifier
from mnist.images import Decoded, Limits, Rejection, decode, use_one_core_for_each_picture
from mnist.scoring.captured_answers import digit_metadata, model_metadata, values_metadata
from mnist.scoring.graphs import Predictor
from mnist.scoring.predictions import PinnedModel, Prediction, predict_digits
from mnist.scoring.sheet_layouts import SheetLayout
from mnist.settings import Settings
from mnist.storage.bucket import Bucket

Answer = TypeVar("Answer")

_log = structlog.get_logger(__name__)

_THREADS = 4
"""Enough to keep two cores busy while one image waits for the decoder of rare formats."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was taken in.

    Attributes:
        upload: What it holds.
        client: Who asks.
        model: The version that answers, with the threshold of this client's images.
        predictor: Its networks.
        consents: Whether the images may be kept.
        identifiers: Of the answers, one for each file.
    """

    upload: Upload
    client: str
    model: PinnedModel
    predictor: Predictor
    consents: bool
    identifiers: tuple[str, ...]


class Service:
    """What every request shares: the champion, threads, limits and counters.

    Decoding and the network release the GIL and run in threads, so that a large photo does not
    hold up the small images of others.
    """

    def __init__(self, settings: Settings, champion: Champion, inbox: Bucket) -> None:
        self.champion = champion
        self.telemetry = Telemetry()
        self._settings = settings
        key = settings.api_key
        self._key = None if key is None else key.get_secret_value().encode()
        self._image_limits = Limits.of(settings)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="predict")
        use_one_core_for_each_picture()
        self._busy = 0
        self._captures: CaptureQueue | None = None
        if settings.api_capture != "off":
            most_bytes = settings.api_capture_queue_bytes
            self._captures = CaptureQueue(inbox, most_bytes, self.telemetry)

    def close(self) -> None:
        """Let the threads finish what they do, and put what is to be kept into the inbox."""
        self._threads.shutdown()
        if self._captures is not None:
            self._captures.close()

    async def predict(self, request: Request) -> Json:
        """Answer a request.

        Raises:
            Problem: If it cannot be answered; the message says why.
        """
        self._require_key(request)
        served = self.champion.served
        if served is None:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "no-champion",
                "No model has been promoted yet; try again after the first training.",
                self.champion.problem,
                {"Retry-After": "10"},
            )
        if self._busy >= self._settings.api_max_concurrency:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "busy",
                "Too many requests at once; try again in a second.",
                f"{self._busy} requests are being answered",
                {"Retry-After": "1"},
            )
        self._busy += 1
        try:
            asked = await self._ask(request, served)
            _log.info("api.asked", ids=asked.identifiers, model_version=asked.model.version)
            return await self._answer(asked)
        finally:
            self._busy -= 1

    async def _ask(self, request: Request, served: Served) -> Asked:
        """Take a request in."""
        client = client_of(request, self._settings)
        upload = await files_of(request, self._settings)
        return Asked(
            upload,
            client,
            served.models[client],
            served.predictor,
            consents(request, upload, self._settings),
            tuple(new_identifier() for _ in upload.files),
        )

    async def _answer(self, asked: Asked) -> Json:
        if asked.upload.layout is not None:
            return await self._answer_places(asked)
        upload, identifiers = asked.upload, asked.identifiers
        results, predictions = await self._in_time(lambda: self._read(asked))
        self.telemetry.count(results, predictions)
        is_one = len(results) == 1 and not upload.is_list
        if is_one and isinstance(results[0], Rejection):
            raise Problem.of(results[0], identifiers[0], asked.model.version)
        metadata = map(digit_metadata, predictions)
        captured = self._capture(
            asked, [None if isinstance(r, Rejection) else next(metadata) for r in results]
        )
        remaining = iter(predictions)
        answers = [
            (
                rejection_response(result)
                if isinstance(result, Rejection)
                else prediction_response(result, next(remaining), asked.model, captured=captured)
            )
            | {"id": identifier, "file": file.name}
            for identifier, file, result in zip(identifiers, upload.files, results, strict=True)
        ]
        return answers[0] if is_one else {"predictions": answers, **model_fields(asked.model)}

    async def _answer_places(self, asked: Asked) -> Json:
        layout, pictures = await self._in_time(lambda: self._cut(asked))
        metadata = [
            None if isinstance(rows, Rejection) else values_metadata(layout.names, rows)
            for rows in pictures
        ]
        captured = self._capture(asked, metadata, layout)
        return await self._in_time(
            lambda: cut_response(
                asked.upload, layout, pictures, asked.identifiers, asked.model, captured=captured
            )
        )

    def _capture(
        self,
        asked: Asked,
        metadata: Sequence[dict[str, str] | None],
        layout: SheetLayout | None = None,
    ) -> bool:
        """Let the images that were answered for be kept, if they may be; tell whether they are.

        Args:
            asked: The request.
            metadata: What was answered for each image; None for one that has no answer.
            layout: What they were cut by; None if each is one digit.
        """
        images = [
            CapturedImage(
                identifier, asked.client, file.content, answer | model_metadata(asked.model), layout
            )
            for identifier, file, answer in zip(
                asked.identifiers, asked.upload.files, metadata, strict=True
            )
            if answer is not None
        ]
        if self._captures is None or not asked.consents or not images:
            return False
        return self._captures.offer(images)

    async def _in_time(self, work: Callable[[], Answer]) -> Answer:
        """Do work in a thread, and wait for it no longer than a request may take."""
        done = asyncio.get_running_loop().run_in_executor(self._threads, work)
        seconds = self._settings.api_timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                return await done
        except TimeoutError as error:
            message = "The images took too long; send fewer at once, or try again."
            detail = f"more than {seconds:g} seconds"
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE, "timeout", message, detail, {"Retry-After": "1"}
            ) from error

    def _cut(self, asked: Asked) -> tuple[SheetLayout, list[Rows | Rejection]]:
        """Cut pictures by a layout and predict their places, as a batch does; runs in a thread."""
        limits = self._image_limits
        layout = layout_of(asked.upload, limits)
        pictures = cut_pictures(asked.upload.files, layout, asked.model, asked.predictor, limits)
        self.telemetry.count_places(pictures)
        return layout, pictures

    def _read(self, asked: Asked) -> tuple[list[Decoded | Rejection], list[Prediction]]:
        """Decode and predict, as a batch does; runs in a thread."""
        results = [decode(file.content, self._image_limits) for file in asked.upload.files]
        images = [result for result in results if isinstance(result, Decoded)]
        return results, predict_digits(images, asked.model, asked.predictor.outputs)

    def _require_key(self, request: Request) -> None:
        if self._key is None:
            return
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        key = request.headers.get("x-api-key", bearer).encode()
        if not hmac.compare_digest(key, self._key):
            message = "A key is needed; send it as header X-API-Key or as bearer token."
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "unauthorized",
                message,
                headers={"WWW-Authenticate": "Bearer"},
            )
