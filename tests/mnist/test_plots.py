"""Figures: PNG bytes that show what they were given, drawn without any global state."""

import subprocess
import sys
from typing import Any

import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure

from mnist import plots
from mnist.data import description
from mnist.data.description import (
    plot_class_distribution,
    plot_distributions,
    plot_mean_images,
    plot_samples,
    profile,
)
from mnist.data.labelled import LabelledImages
from mnist.plots import plot_confusion_matrix, plot_learning_curves, plot_misclassified

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 28, 28), dtype=np.uint8)
LABELS = np.arange(40, dtype=np.int64) % 10


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures as they are before they become PNG."""
    figures: list[Figure] = []

    def keep(figure: Figure) -> bytes:
        figures.append(figure)
        return b""

    monkeypatch.setattr(plots, "render_png", keep)
    monkeypatch.setattr(description, "render_png", keep)
    return figures


def texts(figure: Figure) -> list[str]:
    artists: list[Any] = figure.findobj(lambda artist: hasattr(artist, "get_text"))
    return [artist.get_text() for artist in artists]


def predictions(wrong: dict[int, tuple[int, float]]) -> np.ndarray:
    """Probabilities that are right and sure, except for the rows in `wrong`."""
    rows = np.full((40, 10), 0.001, np.float32)
    rows[np.arange(40), LABELS] = 0.991
    for row, (digit, confidence) in wrong.items():
        rows[row] = (1 - confidence) / 9
        rows[row, digit] = confidence
    return rows


def test_figures_are_png_images() -> None:
    data = LabelledImages(IMAGES, LABELS)
    profiles = {"train": profile(data), "test": profile(data)}
    for png in (
        plot_learning_curves({"training": [0.5, 0.2]}, "Loss", "loss"),
        plot_confusion_matrix(np.eye(10, dtype=np.int64), "Confusion"),
        plot_misclassified(IMAGES, LABELS, predictions({})),
        plot_class_distribution(profiles),
        plot_mean_images(profiles["train"]),
        plot_samples(data),
        plot_distributions(profiles),
    ):
        image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        assert min(image.shape[:2]) >= 100
        assert image.std() > 5


def test_curves_have_one_line_for_each_series(drawn: list[Figure]) -> None:
    plot_learning_curves({"training": [3, 2, 1], "validation": [4, 5]}, "Loss", "nats")
    (axes,) = drawn[0].axes
    assert [line.get_ydata().tolist() for line in axes.lines] == [[3, 2, 1], [4, 5]]
    assert [line.get_xdata().tolist() for line in axes.lines] == [[1, 2, 3], [1, 2]]
    assert {"training", "validation", "Loss", "nats"} <= set(texts(drawn[0]))


def test_a_confusion_matrix_has_true_rows_and_shows_its_errors(drawn: list[Figure]) -> None:
    matrix = np.eye(10, dtype=np.int64) * 900
    matrix[4, 9] = 17
    plot_confusion_matrix(matrix, "Confusion")
    (axes,) = drawn[0].axes
    assert axes.get_ylabel() == "true"
    assert axes.get_xlabel() == "predicted"
    colours = np.asarray(axes.images[0].get_array())
    assert np.unravel_index(colours.argmax(), colours.shape) == (4, 9)
    assert [text.get_position() for text in axes.texts if text.get_text() == "17"] == [(9, 4)]


def test_misclassified_images_come_most_confident_first(drawn: list[Figure]) -> None:
    rows = predictions({3: (8, 0.6), 11: (7, 0.9), 25: (0, 0.7)})
    plot_misclassified(IMAGES, LABELS, rows)
    titles = [axes.get_title() for axes in drawn[0].axes]
    assert titles == ["1 → 7\n90%", "5 → 0\n70%", "3 → 8\n60%"]
    np.testing.assert_array_equal(drawn[0].axes[0].images[0].get_array(), IMAGES[11])
    assert "3 of 3 misclassified, of 40 images" in texts(drawn[0])


def test_misclassified_images_stop_at_the_limit(drawn: list[Figure]) -> None:
    plot_misclassified(IMAGES, LABELS, predictions(dict.fromkeys(range(10, 20), (5, 0.9))), limit=4)
    assert len(drawn[0].axes) == 4
    assert "4 of 9 misclassified, of 40 images" in texts(drawn[0])


def test_samples_are_in_the_row_of_their_digit(drawn: list[Figure]) -> None:
    images = np.zeros((40, 28, 28), np.uint8)
    images[:] = (LABELS * 20)[:, None, None]
    plot_samples(LabelledImages(images, LABELS), columns=4)
    sheet = np.asarray(drawn[0].axes[0].images[0].get_array())
    assert sheet.shape == (280, 112)
    np.testing.assert_array_equal(sheet[:, 0], np.repeat(np.arange(10) * 20, 28))
    assert (sheet == sheet[:, :1]).all()


def test_pyplot_with_its_global_state_is_never_imported() -> None:
    program = f"import sys, {description.__name__}; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
