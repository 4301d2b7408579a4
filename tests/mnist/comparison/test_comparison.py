"""Comparing models: order, tables, the paired test, and when not to choose the best."""

import io
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import pytest

from mnist.comparison.card import describe_best
from mnist.comparison.plots import (
    plot_accuracies,
    plot_accuracy_against_time,
    plot_accuracy_by_complexity,
    plot_training_seconds,
)
from mnist.comparison.results import (
    HIGH,
    LOW,
    MEDIUM,
    ModelResult,
    accuracy_by_complexity,
    as_csv,
    rank,
    table,
    to_markdown,
)
from mnist.errors import InvalidEvaluation
from mnist.evaluation.metrics import evaluate

LABELS = np.arange(1_000) % 10


def result(
    name: str, errors: range, complexity: str = MEDIUM, *, seconds: float = 10.0, sure: float = 0.9
) -> ModelResult:
    """A model that is wrong on exactly these test images."""
    rows = np.full((1_000, 10), (1 - sure) / 9, np.float32)
    read = LABELS.copy()
    read[errors.start : errors.stop] = (read[errors.start : errors.stop] + 1) % 10
    rows[np.arange(1_000), read] = sure
    return ModelResult(
        name=name,
        complexity=complexity,
        evaluation=evaluate(LABELS, rows),
        probabilities=rows,
        training_seconds=seconds,
        training_cpu_seconds=2 * seconds,
        prediction_seconds=seconds / 100,
        parameters=int(1_000 * seconds),
        training_images=500,
        training_images_available=500,
        hyperparameters={},
        saved=True,
    )


BEST = result("deep", range(10), HIGH, seconds=60)
RESULTS = [
    result("dense", range(30), seconds=15),
    BEST,
    replace(result("votes", range(50), LOW, seconds=3), training_images=200, saved=False),
    result("trees", range(70), LOW, seconds=5),
]


def test_the_most_accurate_comes_first_and_log_loss_breaks_ties() -> None:
    assert [r.name for r in rank(RESULTS)] == ["deep", "dense", "votes", "trees"]
    surer = result("surer", range(10), sure=0.95)
    assert [r.name for r in rank([BEST, surer])] == ["surer", "deep"]


@pytest.mark.parametrize("results", [[], [BEST], [BEST, BEST]])
def test_one_model_is_no_comparison(results: list[ModelResult]) -> None:
    with pytest.raises(InvalidEvaluation, match="at least two models with different names"):
        rank(results)


def test_the_csv_reads_back_as_the_table() -> None:
    read = pd.read_csv(io.BytesIO(as_csv(RESULTS)))
    pd.testing.assert_frame_equal(read, table(RESULTS), rtol=1e-5)
    assert read.accuracy.tolist() == [0.99, 0.97, 0.95, 0.93]


def test_the_table_for_people_says_who_learned_from_a_subset() -> None:
    lines = to_markdown(RESULTS).splitlines()
    assert len(lines) == 6
    assert lines[2].startswith("| deep | high | 0.9900 |")
    assert [line.split("|")[1].strip() for line in lines if "(subset)" in line] == ["votes"]
    assert len({line.count("|") for line in lines}) == 1


def test_accuracies_are_averaged_within_each_class() -> None:
    assert accuracy_by_complexity(RESULTS) == pytest.approx({HIGH: 0.99, MEDIUM: 0.97, LOW: 0.94})
    assert list(accuracy_by_complexity([BEST])) == [HIGH]


def test_the_card_names_the_best_with_the_paired_test() -> None:
    card = describe_best(RESULTS, LABELS)
    assert card.startswith("# deep is the most accurate")
    assert "Only deep is right on 20 images, only dense on 0: exact McNemar p = 1.9e-06" in card
    assert "+0.0200, 95 % interval" in card
    assert "on accuracy alone" not in card
    assert "votes needs 20.0 times less" in card
    assert "matters more than 4.00 points" in card
    assert "not saved" not in card


def test_the_card_admits_what_the_images_cannot_tell() -> None:
    card = describe_best([BEST, result("rival", range(5, 16), seconds=61)], LABELS)
    assert "Only deep is right on 6 images, only rival on 5: exact McNemar p = 1." in card
    assert "these images do not tell it from rival" in card
    assert "times less" not in card


def test_the_card_says_that_an_unsaved_model_cannot_be_champion() -> None:
    card = describe_best([replace(BEST, saved=False), RESULTS[0]], LABELS)
    assert "as champion: it is not saved as a scoring graph" in card


def test_intervals_over_writers_say_so() -> None:
    writers = np.repeat(np.arange(10), 100)
    assert "(bootstrap over writers)" in describe_best(RESULTS, LABELS, writers)


def test_metrics_for_a_run_are_flat_numbers() -> None:
    metrics = BEST.metrics()
    assert metrics["test_accuracy"] == 0.99
    assert metrics["training_cpu_seconds"] == 120
    assert metrics["parameters"] == 60_000
    assert {type(value) for value in metrics.values()} == {float}


@pytest.mark.parametrize(
    "plot",
    [
        plot_accuracies,
        plot_training_seconds,
        plot_accuracy_against_time,
        plot_accuracy_by_complexity,
    ],
)
def test_every_plot_is_a_png_that_depends_on_the_results(
    plot: Callable[[list[ModelResult]], bytes],
) -> None:
    png = plot(RESULTS)
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.std() > 5
    assert png == plot(RESULTS)
    assert png != plot([result("deep", range(20), LOW, seconds=7), *RESULTS[:1], *RESULTS[2:]])
