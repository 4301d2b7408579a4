"""Captured images: put into the inbox beside the answering of requests, and never in its way."""

import hashlib
import io
import mimetypes
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from cachetools import LRUCache

from api.telemetry import CaptureOutcome, Telemetry
from mnist.captured import captured_folder
from mnist.errors import MnistError
from mnist.images.formats import extension_of
from mnist.keys import TEMPLATE_FILE, beside_layout, layout_key
from mnist.scoring.sheet_layouts import SheetLayout
from mnist.storage.bucket import Bucket
from mnist.storage.user_metadata import sendable

SECONDS_TO_EMPTY = 5.0
"""How long the end of the process waits for what is still in the queue."""

_FOLDERS_REMEMBERED = 100

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CapturedImage:
    """An image that was answered for and is to be kept.

    Attributes:
        identifier: Of its answer.
        client: Who sent it.
        content: The file.
        metadata: What was answered, as user metadata.
        layout: What it was cut by; None if it is one digit.
    """

    identifier: str
    client: str
    content: bytes
    metadata: Mapping[str, str]
    layout: SheetLayout | None = None

    @property
    def folder(self) -> str:
        """The batch that it belongs to."""
        return captured_folder(
            self.identifier, self.client, "" if self.layout is None else self.layout.digest
        )

    @property
    def key(self) -> str:
        """Where it goes in the inbox."""
        return f"{self.folder}/{self.identifier}.{extension_of(self.content)}"

    def described(self) -> dict[str, str]:
        """Write down which image it is and what was answered, as user metadata."""
        digest = hashlib.sha256(self.content).hexdigest()
        return sendable({"api-id": self.identifier, "api-sha256": digest, **self.metadata})

    @property
    def size(self) -> int:
        """Bytes that it keeps in memory."""
        layout = self.layout
        of_layout = 0 if layout is None else len(layout.content) + len(layout.template or b"")
        return len(self.content) + of_layout


class CaptureQueue:
    """Takes images at once and puts them into the inbox from a thread of its own.

    An image is lost where the queue is full or the store does not take it; no answer ever waits.

    Args:
        inbox: Where they go.
        most_bytes: How much may wait.
        telemetry: Counts what becomes of each.
    """

    def __init__(self, inbox: Bucket, most_bytes: int, telemetry: Telemetry) -> None:
        self._inbox = inbox
        self._most_bytes = most_bytes
        self._telemetry = telemetry
        self._waiting: deque[CapturedImage] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._closing = False
        self._prepared: LRUCache[str, bool] = LRUCache(_FOLDERS_REMEMBERED)
        self._troubles: set[CaptureOutcome] = set()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()

    def offer(self, images: Sequence[CapturedImage]) -> bool:
        """Take the images of one request, all or none; tell whether there was room."""
        size = sum(image.size for image in images)
        with self._changed:
            has_room = not self._closing and self._bytes + size <= self._most_bytes
            if has_room:
                self._waiting.extend(images)
                self._bytes += size
                self._changed.notify()
        if has_room:
            self._end_trouble(CaptureOutcome.NO_ROOM)
        else:
            why = f"{self._most_bytes:,} bytes wait for the store; the next ones are lost"
            self._lose(CaptureOutcome.NO_ROOM, len(images), why)
        return has_room

    def close(self) -> None:
        """Take nothing more, and wait a few seconds until what waits lies in the store."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(SECONDS_TO_EMPTY)
        with self._changed:
            left = len(self._waiting)
            self._waiting.clear()
        if left:
            why = f"after {SECONDS_TO_EMPTY:g} seconds {left:,} images were still waiting"
            self._lose(CaptureOutcome.STOPPED, left, why)

    def _run(self) -> None:
        while (image := self._next()) is not None:
            try:
                self._put(image)
            except MnistError as error:
                self._lose(CaptureOutcome.STORE, 1, str(error))
            else:
                self._telemetry.count_captures(CaptureOutcome.KEPT, 1)
                self._end_trouble(CaptureOutcome.STORE)
            with self._changed:
                self._bytes -= image.size

    def _next(self) -> CapturedImage | None:
        """Wait for an image; None once there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            return self._waiting.popleft() if self._waiting else None

    def _put(self, image: CapturedImage) -> None:
        """Put an image, and before the first of a folder what says how it is cut."""
        layout, folder = image.layout, image.folder
        if layout is not None and layout.layout is not None and folder not in self._prepared:
            # The template is known as one by the layout only, so this comes first.
            self._inbox.put(layout_key(folder), layout.content)
            if layout.template is not None and layout.layout.fields is not None:
                name = layout.layout.template or TEMPLATE_FILE
                self._inbox.put(beside_layout(folder, name), layout.template)
            self._prepared[folder] = True
        key = image.key
        media_type = mimetypes.guess_type(key)[0] or "application/octet-stream"
        self._inbox.upload(key, io.BytesIO(image.content), media_type, image.described())

    def _lose(self, outcome: CaptureOutcome, images: int, why: str) -> None:
        """Count what is lost, and name the reason when it is new."""
        self._telemetry.count_captures(outcome, images)
        if outcome not in self._troubles:
            self._troubles.add(outcome)
            _log.warning("api.capture-lost", outcome=outcome.value, why=why)

    def _end_trouble(self, outcome: CaptureOutcome) -> None:
        if outcome in self._troubles:
            self._troubles.discard(outcome)
            _log.info("api.capture-works-again", after=outcome.value)
