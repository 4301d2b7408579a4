"""Training: what it learns, that it repeats itself, and that it survives being killed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from mnist.data.labelled import LabelledImages
from mnist.errors import InvalidDataset, InvalidRecipe
from mnist.training import backend
from mnist.training.history import Epoch
from mnist.training.recipes import Augmentation, Recipe
from mnist.training.train import Training, train

TINY = Recipe(
    "tiny",
    "deep-cnn",
    epochs=2,
    batch_size=32,
    width=0.2,
    dropout=0.1,
    augmentation=Augmentation(rotation_degrees=5, shift_pixels=1),
)


def blots(n: int, seed: int) -> LabelledImages:
    """Ten kinds of image that differ in where a bright blot is, with noise: easily learned."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 10
    images = rng.integers(0, 60, (n, 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        top, left = 6 + 10 * (label // 5), 1 + 5 * (label % 5)
        image[top : top + 6, left : left + 6] = 255
    return LabelledImages(images, labels.astype(np.int64))


TRAIN, VALIDATION = blots(640, 1), blots(100, 2)


def same(one: Training, other: Training) -> bool:
    pairs = zip(one.model.get_weights(), other.model.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def probabilities(training: Training) -> np.ndarray:
    return np.asarray(training.model(VALIDATION.images))


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture(scope="module")
def epochs() -> list[Epoch]:
    return []


@pytest.fixture(scope="module")
def trained(checkpoints: Path, epochs: list[Epoch]) -> Training:
    return train(
        TINY, TRAIN, VALIDATION, seed=5, checkpoint_dir=checkpoints, on_epoch=epochs.append
    )


class Killed(BaseException):
    """Stands for a process that is gone: nothing in the library may catch it."""


def test_learns_what_can_be_learned(trained: Training) -> None:
    rows = probabilities(trained)
    assert rows.shape == (100, 10)
    assert np.allclose(rows.sum(axis=1), 1, atol=1e-5)
    assert (rows.argmax(axis=1) == VALIDATION.labels).mean() > 0.95


def test_says_what_trained_it(trained: Training) -> None:
    gpus = tf.config.list_physical_devices("GPU")
    assert trained.device == (backend.device() if gpus else "CPU")


def test_a_gpu_is_called_by_its_name_or_at_least_by_its_number(monkeypatch) -> None:
    details = {"device_name": "NVIDIA H100 80GB HBM3"}
    gpu = tf.config.PhysicalDevice("/physical_device:GPU:0", "GPU")
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _kind: [gpu])
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda _device: details)
    assert backend.device() == "NVIDIA H100 80GB HBM3"
    details.clear()
    assert backend.device() == "/physical_device:GPU:0"


def test_reports_every_epoch_as_it_ends(trained: Training, epochs: list[Epoch]) -> None:
    assert epochs == trained.history
    assert [epoch.number for epoch in epochs] == [1, 2]
    assert trained.cpu_seconds > 0
    assert trained.parameters == trained.model.count_params()
    assert not trained.stopped_early
    assert trained.resumed_from_epoch == 0


def test_the_same_seed_gives_the_same_weights(trained: Training) -> None:
    assert same(trained, train(TINY, TRAIN, VALIDATION, seed=5))


def test_another_seed_starts_afresh_beside_an_old_checkpoint(
    trained: Training, checkpoints: Path
) -> None:
    other = train(TINY, TRAIN, VALIDATION, seed=6, checkpoint_dir=checkpoints)
    assert other.resumed_from_epoch == 0
    assert not same(trained, other)


def test_a_finished_training_is_not_done_again(trained: Training, checkpoints: Path) -> None:
    epochs: list[Epoch] = []
    again = train(
        TINY, TRAIN, VALIDATION, seed=5, checkpoint_dir=checkpoints, on_epoch=epochs.append
    )
    assert epochs == []
    assert again.resumed_from_epoch == 2
    assert again.history == trained.history
    assert same(trained, again)


@pytest.mark.slow
def test_a_killed_training_ends_where_an_uninterrupted_one_does(
    trained: Training, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def die_in_second(epoch: Epoch) -> None:
        if epoch.number == 2:
            raise Killed

    with pytest.raises(Killed):
        train(TINY, TRAIN, VALIDATION, seed=5, checkpoint_dir=tmp_path, on_epoch=die_in_second)
    resumed = train(TINY, TRAIN, VALIDATION, seed=5, checkpoint_dir=tmp_path)
    assert resumed.resumed_from_epoch == 1
    assert "resumes" in capsys.readouterr().out
    assert [epoch.number for epoch in resumed.history] == [1, 2]
    assert same(trained, resumed)


def test_keeps_the_best_epoch_and_stops_when_patience_runs_out(tmp_path: Path) -> None:
    # A learning rate that climbs this high makes later epochs worse than some earlier one.
    wild = replace(TINY, epochs=12, patience=1, peak_learning_rate=0.3, warmup_share=0.9)
    training = train(wild, TRAIN, VALIDATION, seed=1, checkpoint_dir=tmp_path)
    losses = [epoch.validation_loss for epoch in training.history]
    assert training.stopped_early
    assert len(losses) < 12
    assert losses[-1] > min(losses)
    targets = np.eye(10)[VALIDATION.labels] * 0.9 + 0.01
    kept = -(targets * np.log(probabilities(training) + 1e-30)).sum(axis=1).mean()
    assert kept == pytest.approx(min(losses), rel=1e-3)

    again = train(wild, TRAIN, VALIDATION, seed=1, checkpoint_dir=tmp_path)
    assert again.history == training.history
    assert same(training, again)


@pytest.mark.slow
def test_an_ensemble_is_one_network_that_averages_its_members(trained: Training) -> None:
    both = train(replace(TINY, members=2), TRAIN, VALIDATION, seed=5)
    second = train(TINY, TRAIN, VALIDATION, seed=1_005)
    expected = (probabilities(trained) + probabilities(second)) / 2
    assert np.allclose(probabilities(both), expected, atol=1e-6)
    epochs = [(epoch.member, epoch.number) for epoch in both.history]
    assert epochs == [(0, 1), (0, 2), (1, 1), (1, 2)]


def test_half_precision_training_gives_a_float32_network() -> None:
    recipe = replace(TINY, epochs=1, precision="mixed_bfloat16")
    training = train(recipe, TRAIN, VALIDATION, seed=0)
    assert {v.dtype for v in training.model.variables if "seed" not in v.path} == {"float32"}
    body = next(layer for layer in training.model.layers if hasattr(layer, "layers"))
    assert {layer.compute_dtype for layer in body.layers} == {"float32"}


def test_refuses_too_few_images() -> None:
    with pytest.raises(InvalidDataset, match=r"at least 32 training images .* got 31 and 100"):
        train(TINY, TRAIN.take(np.arange(31)), VALIDATION, seed=0)
    with pytest.raises(InvalidDataset, match="got 640 and 0"):
        train(TINY, TRAIN, VALIDATION.take(np.arange(0)), seed=0)


def test_refuses_an_unknown_architecture() -> None:
    with pytest.raises(InvalidRecipe, match=r"'transformer'; choose one of .*deep-cnn"):
        train(replace(TINY, architecture="transformer"), TRAIN, VALIDATION, seed=0)
