"""Replay: production images found again in a real store, and what two models make of them."""

from dataclasses import replace

import numpy as np
import pytest

from mnist.digits import Outputs
from mnist.operations.replay import ProductionImages, compare_predictions, production_images
from tests.factories import MODEL, png, services_of
from tests.reviewing import review_of


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
    nobody = Outputs(np.empty((0, 10), np.float32), np.empty(0, np.float32))
    replay = compare_predictions(found, (nobody, MODEL), (nobody, MODEL))
    assert (replay.images, replay.flips, replay.accepted_before) == (0, {}, 0.0)


def test_images_that_people_have_labelled_come_with_their_digit(
    services, settings, inbox_bucket, score
):
    drop(inbox_bucket, "b", 3)
    score("b")
    versions = {version.key: version for page in services.inbox.versions("b") for version in page}
    for who in ("ada", "bob"):
        services.reviews.append(review_of(versions["b/01.png"], png(1), who, "7"))
    replay = replayed(settings, 500)
    assert dict(zip(replay.keys, replay.labels.tolist(), strict=True)) == {
        "b/00.png": -1,
        "b/01.png": 7,
        "b/02.png": -1,
    }


def outputs(digits, confidence=0.82, ood_scores=0.0) -> Outputs:
    probabilities = np.full((len(digits), 10), (1 - confidence) / 9, np.float32)
    probabilities[np.arange(len(digits)), digits] = confidence
    return Outputs(probabilities, np.full(len(digits), ood_scores, np.float32))


def production(count, labels=None, warned=()) -> ProductionImages:
    flags = np.zeros(count, bool)
    flags[list(warned)] = True
    return ProductionImages(
        tuple(f"b/{i}.png" for i in range(count)),
        np.zeros((count, 28, 28), np.uint8),
        flags,
        np.full(count, -1) if labels is None else np.array(labels),
    )


def test_flips_are_counted_by_pair_with_keys_and_acceptance_by_each_models_own_threshold():
    before, after = outputs([4] * 10), outputs([9] * 7 + [4] * 3)
    models = (replace(MODEL, accept_confidence=least) for least in (0.8, 0.83))
    replay = compare_predictions(
        production(10, warned=[0]), *zip((before, after), models, strict=True)
    )
    assert replay.flips == {(4, 9): 7}
    assert replay.examples == {(4, 9): [f"b/{i}.png" for i in range(5)]}
    assert replay.changed_confidence == pytest.approx(0.82)
    assert (replay.accepted_before, replay.accepted_after) == (0.9, 0.0)
    assert (replay.newly_accepted, replay.no_longer_accepted) == (0, 9)


def test_what_is_unlike_a_digit_is_not_accepted_in_a_replay_either():
    doubtful = replace(MODEL, ood_threshold=-1.0)
    replay = compare_predictions(
        production(4), (outputs([4] * 4), MODEL), (outputs([4] * 4), doubtful)
    )
    assert (replay.accepted_before, replay.accepted_after) == (1.0, 0.0)


def test_labelled_images_are_judged_and_do_not_count_as_changed():
    labels = [9, 9, 4, 7, -1, 4]
    replay = compare_predictions(
        production(6, labels),
        (outputs([4, 4, 4, 4, 4, 4]), MODEL),
        (outputs([9, 4, 9, 1, 9, 4]), MODEL),
    )
    assert (replay.labelled, replay.gained, replay.lost, replay.other) == (5, 1, 1, 1)
    assert replay.flips == {(4, 9): 1}
    assert replay.examples == {(4, 9): ["b/4.png"]}
