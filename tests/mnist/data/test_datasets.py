"""Where the data comes from: in which order, how it is proven, and how loudly it is replaced."""

import hashlib
import os
from pathlib import Path

import httpx
import numpy as np
import pytest
from structlog.testing import capture_logs

from mnist.data import datasets
from mnist.data.datasets import MNIST_FILES, load_dataset, load_sklearn_digits
from mnist.data.further_test import load_further_test
from mnist.errors import InvalidDataset
from tests.idx_files import idx, write_further_test

REAL = os.environ.get("MNIST_DATA_DIR")


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (6, 28, 28), dtype=np.uint8),
        "y_train": np.array([0, 1, 2, 3, 4, 5], np.uint8),
        "x_test": rng.integers(0, 256, (3, 28, 28), dtype=np.uint8),
        "y_test": np.array([7, 8, 9], np.uint8),
    }


@pytest.fixture
def folder(tmp_path: Path, arrays: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder laid out as MNIST's, whose small files count as the genuine ones."""
    for name, array in zip(MNIST_FILES, arrays.values(), strict=True):
        raw = idx(array)
        (tmp_path / name).write_bytes(raw)
        monkeypatch.setitem(MNIST_FILES, name, hashlib.sha256(raw).hexdigest())
    return tmp_path


@pytest.fixture
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "keras"
    monkeypatch.setenv("KERAS_HOME", str(home))
    return home / "datasets"


def serve(monkeypatch: pytest.MonkeyPatch, content: bytes | None) -> list[str]:
    """Stand in for the network: answer with bytes, or not at all."""
    asked: list[str] = []

    def get(url: str, **_: object) -> httpx.Response:
        asked.append(url)
        if content is None:
            raise httpx.ConnectError("no route to host")
        return httpx.Response(200, content=content, request=httpx.Request("GET", url))

    monkeypatch.setattr(httpx, "get", get)
    return asked


def archive(path: Path, arrays: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> bytes:
    np.savez(path, **arrays)
    raw = path.read_bytes()
    monkeypatch.setattr(datasets, "_ARCHIVE_SHA256", hashlib.sha256(raw).hexdigest())
    return raw


def test_a_folder_is_read_and_its_source_recorded(
    folder: Path, arrays: dict[str, np.ndarray]
) -> None:
    dataset = load_dataset(folder)
    assert dataset.source == "mnist"
    np.testing.assert_array_equal(dataset.train.images, arrays["x_train"])
    np.testing.assert_array_equal(dataset.test.labels, arrays["y_test"])
    assert dataset.train_writers is None


def test_the_digest_tells_training_from_test_images(folder: Path) -> None:
    dataset = load_dataset(folder)
    swapped = datasets.Dataset(dataset.test, dataset.train, "mnist")
    assert len({dataset.digest, swapped.digest, dataset.train.digest}) == 3


@pytest.mark.parametrize("name", list(MNIST_FILES))
def test_a_changed_file_is_refused_by_name_and_checksum(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)
    actual = hashlib.sha256(content).hexdigest()
    with pytest.raises(InvalidDataset, match=f"{name} has SHA-256 {actual}, .*{MNIST_FILES[name]}"):
        load_dataset(folder)


def test_a_named_folder_without_the_files_is_never_replaced(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataset, match=r"train-images.*MNIST_DATA_DIR"):
        load_dataset(tmp_path)


def test_writers_come_from_qmnists_labels(folder: Path) -> None:
    rows = np.zeros((8, 8), np.int32)  # QMNIST has more rows than MNIST
    rows[:6, 0] = [0, 1, 2, 3, 4, 5]
    rows[:, 2] = np.arange(100, 108)
    (folder / "qmnist-train-labels-idx2-int.gz").write_bytes(idx(rows, code=0x0C))
    dataset = load_dataset(folder)
    assert dataset.train_writers is not None
    assert dataset.train_writers.tolist() == [100, 101, 102, 103, 104, 105]
    assert dataset.test_writers is None


def test_writers_of_other_images_are_refused(folder: Path) -> None:
    (folder / "qmnist-test-labels-idx2-int.gz").write_bytes(
        idx(np.ones((3, 8), np.int32), code=0x0C)
    )
    with pytest.raises(InvalidDataset, match=r"qmnist-test-labels.*repeat their 3 labels"):
        load_dataset(folder)


def test_further_test_images_are_those_after_mnists(folder: Path) -> None:
    labels = load_dataset(folder).test.labels
    assert load_further_test(folder, labels) is None
    write_further_test(folder, [*labels, 1, 2], np.full((5, 28, 28), 7, np.uint8))
    further = load_further_test(folder, labels)
    assert further is not None
    assert further.labels.tolist() == [1, 2]
    assert further.writers is not None
    assert further.writers.tolist() == [3, 4]
    assert further.images.shape == (2, 28, 28)


@pytest.mark.parametrize(
    ("labels", "images"), [([7, 8, 9], 3), ([7, 8, 1, 2], 4), ([7, 8, 9, 1, 2], 4)]
)
def test_other_further_test_images_are_refused(folder: Path, labels: list[int], images: int):
    write_further_test(folder, labels, np.zeros((images, 28, 28), np.uint8))
    with pytest.raises(InvalidDataset, match="begins with MNIST's 3 test images"):
        load_further_test(folder, np.array([7, 8, 9]))


def test_kerass_cache_comes_before_the_network(
    keras_home: Path, arrays: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    keras_home.mkdir(parents=True)
    archive(keras_home / "mnist.npz", arrays, monkeypatch)
    asked = serve(monkeypatch, None)
    dataset = load_dataset(None)
    assert dataset.source == "mnist"
    assert asked == []
    np.testing.assert_array_equal(dataset.train.images, arrays["x_train"])


def test_a_damaged_cache_is_refused(keras_home: Path) -> None:
    keras_home.mkdir(parents=True)
    (keras_home / "mnist.npz").write_bytes(b"half a download")
    with pytest.raises(InvalidDataset, match=r"mnist.npz has SHA-256 .*Delete"):
        load_dataset(None)


def test_a_download_lands_where_keras_keeps_it(
    tmp_path: Path,
    keras_home: Path,
    arrays: dict[str, np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = archive(tmp_path / "served.npz", arrays, monkeypatch)
    asked = serve(monkeypatch, raw)
    first, second = load_dataset(None), load_dataset(None)
    assert len(asked) == 1
    assert (keras_home / "mnist.npz").read_bytes() == raw
    assert first.source == "mnist"
    assert first.digest == second.digest


def test_a_wrong_download_is_not_kept(
    tmp_path: Path,
    keras_home: Path,
    arrays: dict[str, np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive(tmp_path / "genuine.npz", arrays, monkeypatch)
    serve(monkeypatch, b"<html>please log in to this network</html>")
    with capture_logs(), pytest.raises(InvalidDataset, match="MNIST is not here"):
        load_dataset(None)
    assert not (keras_home / "mnist.npz").exists()


@pytest.mark.parametrize("download", [True, False])
def test_nothing_takes_mnists_place_by_itself(
    keras_home: Path, monkeypatch: pytest.MonkeyPatch, *, download: bool
) -> None:
    asked = serve(monkeypatch, None)
    with pytest.raises(InvalidDataset, match=r"MNIST_DATA_DIR .*MNIST_FALLBACK_DIGITS=true"):
        load_dataset(None, download=download)
    assert bool(asked) is download


def test_a_named_folder_is_never_replaced_whatever_would_do(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataset, match=r"Cannot read .*train-images"):
        load_dataset(tmp_path, fallback=True)


@pytest.mark.parametrize("download", [True, False])
def test_the_replacement_that_was_asked_for_is_announced_loudly(
    keras_home: Path, monkeypatch: pytest.MonkeyPatch, *, download: bool
) -> None:
    asked = serve(monkeypatch, None)
    with capture_logs() as logs:
        dataset = load_dataset(None, download=download, fallback=True)
    assert dataset.source == "sklearn-digits"
    assert bool(asked) is download
    warnings = [log for log in logs if log["log_level"] == "warning"]
    assert len(warnings) == 1
    assert "not MNIST" in warnings[0]["event"]


def test_scikit_learns_digits_are_laid_out_as_mnists() -> None:
    dataset = load_sklearn_digits()
    assert dataset.train.n + dataset.test.n == 1_797
    for part in (dataset.train, dataset.test):
        assert not part.images[:, :4].any()
        assert not part.images[:, :, 24:].any()
        assert part.images.max() == 255
        assert np.bincount(part.labels, minlength=10).min() > 30
    assert dataset.digest == load_sklearn_digits().digest


@pytest.mark.skipif(REAL is None, reason="MNIST_DATA_DIR does not name MNIST's files")
def test_real_mnist_is_what_everyone_else_has() -> None:
    dataset = load_dataset(Path(str(REAL)))
    assert np.bincount(dataset.train.labels).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip
    assert dataset.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert dataset.train.images.mean() == pytest.approx(33.318421)
