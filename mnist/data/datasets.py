"""Where training and test images come from, and proof that they are what they claim to be.

MNIST from a folder, else from Keras's download cache, else from the network. Only where somebody
has asked for it: else the digits bundled with scikit-learn, real handwriting that is not MNIST.
"""

import hashlib
import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import cv2
import httpx
import numpy as np
import structlog
from numpy.typing import NDArray

from mnist.data.data_sources import MNIST, SKLEARN_DIGITS
from mnist.data.idx import parse_idx
from mnist.data.labelled import LabelledImages, concatenate
from mnist.data.splits import split
from mnist.digits import Labels
from mnist.errors import InvalidDataset

MNIST_FILES = {
    "train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "train-labels-idx1-ubyte.gz": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
    ),
}
"""SHA-256 of MNIST's four files as they have been distributed since 1998."""

_ARCHIVE_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
_ARCHIVE_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
_DOWNLOAD_TIMEOUT_SECONDS = 10.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images to learn from and images to be measured on.

    Attributes:
        train: Training images; validation images are cut from these.
        test: Test images, touched only to report.
        source: `mnist` or `sklearn-digits`; numbers of one say nothing about the other.
        train_writers: Who wrote each training image (QMNIST writer number), if known.
        test_writers: Who wrote each test image, if known.
    """

    train: LabelledImages
    test: LabelledImages
    source: str
    train_writers: Labels | None = None
    test_writers: Labels | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the digests of the training and the test images."""
        return hashlib.sha256(f"{self.train.digest} {self.test.digest}".encode()).hexdigest()

    def with_rows(self, rows: NDArray[np.bool_]) -> Self:
        """Keep some of the training images; `rows` tells which, shape (n,)."""
        kept = np.flatnonzero(rows)
        writers = None if self.train_writers is None else self.train_writers[kept]
        return replace(self, train=self.train.take(kept), train_writers=writers)

    def extended(self, images: LabelledImages) -> Self:
        """Add training images of unknown writers, whose number is -1."""
        writers = self.train_writers
        if writers is not None:
            writers = np.append(writers, np.full(images.n, -1, np.int64))
        return replace(self, train=concatenate([self.train, images]), train_writers=writers)


def load_dataset(
    data_dir: Path | None, *, download: bool = True, fallback: bool = False
) -> Dataset:
    """Load MNIST; nothing else takes its place unless `fallback` says so.

    Args:
        data_dir: Folder with MNIST's four IDX .gz files; with QMNIST's label files beside
            them the writers are known too. None looks in Keras's cache, then on the network.
        download: Whether the network may be asked.
        fallback: Whether scikit-learn's bundled digits will do where MNIST is not to be had; that
            is logged as a warning.

    Raises:
        InvalidDataset: If `data_dir` is given but a file is missing, or has not the SHA-256
            that MNIST's file has: a folder that was named is never replaced. Without a folder,
            if MNIST is not to be had and nothing else will do.
    """
    if data_dir is not None:
        return _load_folder(data_dir)
    archive = _keras_cache() / "mnist.npz"
    if archive.is_file():
        return _load_archive(archive)
    if download and _download(archive):
        return _load_archive(archive)
    if not fallback:
        raise InvalidDataset(
            f"MNIST is not here: MNIST_DATA_DIR is not set, there is no {archive}, and the network "
            f"{'did not give it' if download else 'was not asked'}. Set MNIST_DATA_DIR to the "
            "folder of MNIST's four .gz files; or set MNIST_FALLBACK_DIGITS=true to make do with "
            "the 1,797 digits that come with scikit-learn, whose numbers say nothing about MNIST."
        )
    _log.warning(
        "not MNIST: using the 1,797 digits bundled with scikit-learn; accuracies are not "
        "comparable to MNIST's. Set MNIST_DATA_DIR to the folder of MNIST's four .gz files.",
        source=SKLEARN_DIGITS,
        looked_for=str(archive),
    )
    return load_sklearn_digits()


def load_sklearn_digits() -> Dataset:
    """Load scikit-learn's bundled digits, enlarged from 8x8 to MNIST's layout.

    1,797 digits by 43 people (Alpaydin and Kaynak 1998, UCI "Optical Recognition of Handwritten
    Digits"), grey values 0-16; a fifth of them, stratified with a fixed seed, is the test set.
    """
    from sklearn.datasets import load_digits  # noqa: PLC0415 -- a second, and hardly ever needed

    bundle = load_digits()
    small = (bundle.images * (255 / 16)).astype(np.uint8)
    images = np.zeros((len(small), 28, 28), np.uint8)
    for image, digit in zip(images, small, strict=True):
        image[4:24, 4:24] = cv2.resize(digit, (20, 20), interpolation=cv2.INTER_CUBIC)
    data = LabelledImages(images, bundle.target.astype(np.int64))
    train, test = split(data, seed=0, validation_share=0.2)
    return Dataset(train, test, SKLEARN_DIGITS)


def _load_folder(folder: Path) -> Dataset:
    train_x, train_y, test_x, test_y = (read_idx(folder / name) for name in MNIST_FILES)
    train = LabelledImages(train_x, train_y.astype(np.int64))
    test = LabelledImages(test_x, test_y.astype(np.int64))
    return Dataset(
        train,
        test,
        MNIST,
        train_writers=_read_writers(folder / "qmnist-train-labels-idx2-int.gz", train.labels),
        test_writers=_read_writers(folder / "qmnist-test-labels-idx2-int.gz", test.labels),
    )


def read_idx(path: Path) -> NDArray[Any]:
    """Read a packed IDX file of a data folder; one of MNIST's must have MNIST's digest.

    Raises:
        InvalidDataset: If it is missing or damaged, or has another digest.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InvalidDataset(
            f"Cannot read {path}: {error.strerror}. MNIST_DATA_DIR must name a folder with "
            f"{', '.join(MNIST_FILES)}; unset it to use Keras's cache or the network."
        ) from error
    actual = hashlib.sha256(raw).hexdigest()
    expected = MNIST_FILES.get(path.name, actual)
    if actual != expected:
        raise InvalidDataset(
            f"{path} has SHA-256 {actual}, but MNIST's file has {expected}. The file is damaged "
            "or another one; fetch it again."
        )
    return parse_idx(raw, str(path))


def _read_writers(path: Path, labels: Labels) -> Labels | None:
    """Read QMNIST's writer numbers, if the file is there and is about these very images."""
    if not path.is_file():
        return None
    rows = read_idx(path)
    if rows.ndim != 2 or rows.shape[1] < 3 or not np.array_equal(rows[: len(labels), 0], labels):
        raise InvalidDataset(
            f"{path} does not describe MNIST's images: its first column should repeat their "
            f"{len(labels):,} labels. Fetch QMNIST's label file again, or remove it."
        )
    return np.asarray(rows[: len(labels), 2], np.int64)


def _keras_cache() -> Path:
    return Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "datasets"


def _load_archive(path: Path) -> Dataset:
    actual = hashlib.sha256(path.read_bytes()).hexdigest()
    if actual != _ARCHIVE_SHA256:
        raise InvalidDataset(
            f"{path} has SHA-256 {actual}, but Keras's MNIST archive has {_ARCHIVE_SHA256}. "
            "Delete the file; it is downloaded again."
        )
    with np.load(path, allow_pickle=False) as arrays:
        train = LabelledImages(arrays["x_train"], arrays["y_train"].astype(np.int64))
        test = LabelledImages(arrays["x_test"], arrays["y_test"].astype(np.int64))
    return Dataset(train, test, MNIST)


def _download(path: Path) -> bool:
    """Put Keras's archive where Keras itself would; answer whether that worked."""
    try:
        response = httpx.get(_ARCHIVE_URL, timeout=_DOWNLOAD_TIMEOUT_SECONDS, follow_redirects=True)
        response.raise_for_status()
    except httpx.HTTPError as error:
        _log.info("MNIST could not be downloaded", url=_ARCHIVE_URL, error=str(error))
        return False
    actual = hashlib.sha256(response.content).hexdigest()
    if actual != _ARCHIVE_SHA256:
        _log.warning("a download is not MNIST and was not kept", url=_ARCHIVE_URL, sha256=actual)
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_bytes(response.content)
    partial.replace(path)
    return True
