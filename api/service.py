"""Answering one request for a prediction, from its bytes to its JSON."""

import asyncio
import hmac
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TypeVar

from fastapi import Request

from api.champion import Champion, Served
from api.layouts import cut_pictures, cut_response, layout_of
from api.problems import Problem
from api.schemas import Json, model_fields, prediction_response, rejection_response
from api.telemetry import Telemetry
from api.uploads import File, Upload, files_of
from mnist.images import Decoded, Limits, Rejection, decode
from mnist.scoring.predictions import Prediction, predict_digits
from mnist.settings import Settings

Answer = TypeVar("Answer")

_THREADS = 4
"""Enough to keep two cores busy while one image waits for the decoder of rare formats."""


class Service:
    """What every request shares: the champion, threads, limits and counters.

    Decoding and the network release the GIL and run in threads, so that a large photo does not
    hold up the small images of others.
    """

    def __init__(self, settings: Settings, champion: Champion) -> None:
        self.champion = champion
        self.telemetry = Telemetry()
        self._settings = settings
        key = settings.api_key
        self._key = None if key is None else key.get_secret_value().encode()
        self._image_limits = Limits.of(settings)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="predict")
        self._busy = 0

    def close(self) -> None:
        """Let the threads finish what they do."""
        self._threads.shutdown()

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
            return await self._answer(await files_of(request, self._settings), served)
        finally:
            self._busy -= 1

    async def _answer(self, upload: Upload, served: Served) -> Json:
        if upload.layout is not None:
            return await self._in_time(lambda: self._cut(upload, served))
        files = upload.files
        results, predictions = await self._in_time(lambda: self._read(files, served))
        self.telemetry.count(results, predictions)
        is_one = len(results) == 1 and not upload.is_list
        if is_one and isinstance(results[0], Rejection):
            raise Problem.of(results[0])
        remaining = iter(predictions)
        answers = [
            rejection_response(file.name, result)
            if isinstance(result, Rejection)
            else prediction_response(file.name, result, next(remaining), served.model)
            for file, result in zip(files, results, strict=True)
        ]
        if is_one:
            return answers[0]
        return {"predictions": answers, **model_fields(served.model)}

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

    def _cut(self, upload: Upload, served: Served) -> Json:
        """Cut pictures by a layout and read their places, as a batch does; runs in a thread."""
        limits = self._image_limits
        layout = layout_of(upload, limits)
        pictures = cut_pictures(upload.files, layout, served.model, served.predictor, limits)
        self.telemetry.count_places(pictures)
        return cut_response(upload, layout, pictures, served.model)

    def _read(
        self, files: Sequence[File], served: Served
    ) -> tuple[list[Decoded | Rejection], list[Prediction]]:
        """Decode and read, as a batch does; runs in a thread."""
        results = [decode(file.content, self._image_limits) for file in files]
        images = [result for result in results if isinstance(result, Decoded)]
        return results, predict_digits(images, served.model, served.predictor.outputs)

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
