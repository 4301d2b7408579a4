"""Replay: production images found again in a real store, and what two models make of them."""

import numpy as np
import pytest

from mnist.operations.replay import ProductionImages, compare_predictions, production_images
from tests.factories import png, services_of


@pytest.fixture
def score(services):
    """Score a batch from listing to receipt."""
    return lambda batch: services.batch_scoring.run(batch, f"run-{batch}")


def drop(bucket, batch, count):
    for i in range(count):
        bucket.put(f"{batch}/{i:02d}.png", png(i % 10))


def replayed(settings, count):
    return production_images(services_of(settings.model_copy(update={"replay_images": count})))


def test_the_batch_scored_last_comes_first_and_the_number_is_bounded(settings, inbox_bucket, score):
    drop(inbox_bucket, "older", 12)
    score("older")
    drop(inbox_bucket, "newer", 12)
    score("newer")
    found = replayed(settings, 15)
    assert len(found.keys) == len(found.images) == len(found.warned) == 15
    batches = [key.partition("/")[0] for key in found.keys]
    assert batches == ["newer"] * 12 + ["older"] * 3
    assert replayed(settings, 500).images.shape == (24, 28, 28)


def test_what_is_gone_overwritten_or_was_rejected_is_left_out(settings, inbox_bucket, score):
    drop(inbox_bucket, "b", 3)
    inbox_bucket.put("b/empty.png", b"")
    score("b")
    inbox_bucket.put("b/01.png", png(8, mark=9))
    assert sorted(replayed(settings, 500).keys) == ["b/00.png", "b/02.png"]


def test_nothing_scored_yet_means_nothing_replayed(settings):
    found = replayed(settings, 500)
    assert found.images.shape == (0, 28, 28)
    nobody = np.empty((0, 10), np.float32)
    replay = compare_predictions(found, (nobody, 0.5), (nobody, 0.5))
    assert (replay.images, replay.flips, replay.accepted_before) == (0, {}, 0.0)


def test_flips_are_counted_by_pair_with_keys_and_acceptance_by_each_models_own_threshold():
    keys = tuple(f"b/{i}.png" for i in range(10))
    images = np.zeros((10, 28, 28), np.uint8)
    warned = np.zeros(10, bool)
    warned[0] = True
    before = np.full((10, 10), 0.02, np.float32)
    before[:, 4] = 0.82
    after = before.copy()
    after[:7, [4, 9]] = after[:7, [9, 4]]
    production = ProductionImages(keys, images, warned)
    replay = compare_predictions(production, (before, 0.8), (after, 0.83))
    assert replay.flips == {(4, 9): 7}
    assert replay.examples == {(4, 9): [f"b/{i}.png" for i in range(5)]}
    assert (replay.accepted_before, replay.accepted_after) == (0.9, 0.0)
