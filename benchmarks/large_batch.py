"""A batch as large as they come, dropped as one zip and scored by the running watcher."""

from __future__ import annotations

import io
import time
import zipfile

import cv2
import numpy as np

from mnist.data.datasets import load_dataset
from mnist.digits import Images
from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.results import Results

_SECONDS = 300
_FAINTEST = 32


def scored_batch(settings: Settings, rows: int) -> str:
    """Name a batch of so many images, which is dropped and scored if it is not there yet.

    Raises:
        SystemExit: If the watcher does not score it within five minutes.
    """
    name = f"benchmark-{rows}"
    results = Results(Bucket.on_s3(settings, settings.results_bucket))
    if results.receipts(name):
        return name
    images = load_dataset(settings.data_dir).test.images
    inbox = Bucket.on_s3(settings, settings.inbox_bucket)
    inbox.put(f"{name}/images.zip", archive(images, rows))
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        if results.receipts(name):
            return name
        time.sleep(1)
    raise SystemExit(f"Batch {name} has no receipt after {_SECONDS} s; is the watcher running?")


def archive(images: Images, rows: int) -> bytes:
    """Pack images, and copies that are a grey level fainter each time: still in MNIST's format."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for number in range(rows):
            turn, place = divmod(number, len(images))
            fainter = images[place] - np.minimum(images[place], turn % _FAINTEST)
            archive.writestr(f"{number:06d}.png", cv2.imencode(".png", fainter)[1].tobytes())
    return file.getvalue()
