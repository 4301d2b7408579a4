"""What scoring batches sets up in its process; `tests/contract/test_batches.py` has the steps."""

from types import SimpleNamespace

import cv2
import pytest

from mnist.operations.batches import BatchScoring
from mnist.storage.bucket import Bucket


@pytest.fixture
def usual_threads():
    """OpenCV's threads as a process has them at its start."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    yield
    cv2.setNumThreads(before)


@pytest.mark.usefixtures("usual_threads")
def test_opencv_divides_no_picture_while_many_are_scored():
    BatchScoring(SimpleNamespace(sure_bucket=Bucket.in_memory(), signing=None))
    assert cv2.getNumThreads() == 1
