"""Slices that nobody has listed: attributes and pairs of them; weak ones are told from chance."""

import cv2
import numpy as np
import pytest

from mnist.evaluation.slice_search import crossed, crossed_slices, extremes, image_attributes
from mnist.evaluation.weak_slices import FEWEST_IMAGES, slice_reports


def written(count, seed=0):
    """Draw digits that differ in stroke, size, ink and place; returns images and labels."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    images = np.zeros((count, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        scale, thickness = generator.uniform(0.5, 0.8), int(generator.integers(1, 4))
        left, bottom = (int(number) for number in generator.integers((3, 18), (9, 25)))
        shade = int(generator.integers(120, 256))
        cv2.putText(
            image, str(label), (left, bottom), cv2.FONT_HERSHEY_SIMPLEX, scale, shade, thickness
        )
    return images, labels


@pytest.mark.parametrize(
    "name",
    [
        "faint ink",
        "reaching left",
        "thin strokes, reaching down",
        "large, strong ink",
        "digit 7, strong ink",
    ],
)
def test_a_planted_weakness_is_found_first_and_by_name(name):
    images, labels = written(6_000)
    slices = crossed_slices(images, labels)
    correct = np.random.default_rng(1).random(len(labels)) > 0.01
    correct[slices[name]] = np.random.default_rng(2).random(slices[name].sum()) > 0.6
    first = slice_reports(correct, slices)[0]
    assert first.is_weak()
    assert (slices[first.name] & slices[name]).sum() >= 0.6 * slices[first.name].sum()
    assert next(r for r in slice_reports(correct, slices) if r.name == name).is_weak()


def test_where_errors_fall_anywhere_hardly_ever_is_one_of_hundreds_called_weak():
    images, labels = written(3_000)
    slices = crossed_slices(images, labels)
    assert sum(mask.sum() >= FEWEST_IMAGES for mask in slices.values()) > 100
    generator = np.random.default_rng(0)
    alarms = sum(
        slice_reports(generator.random(3_000) > 0.02, slices)[0].is_weak() for _ in range(20)
    )
    assert alarms <= 4  # one is expected; the chance of five of twenty is below 1 %


def test_each_attribute_measures_what_its_name_says():
    images, labels = written(400)
    masks = crossed(image_attributes(images, labels))
    grey = np.array([image[image >= 64].mean() for image in images])
    columns = np.array([cv2.boundingRect((image >= 64).astype(np.uint8))[0] for image in images])
    assert grey[masks["faint ink"]].max() <= grey[~masks["faint ink"]].min()
    assert grey[masks["strong ink"]].min() >= grey[~masks["strong ink"]].max()
    assert columns[masks["reaching left"]].mean() < columns.mean()
    assert columns[masks["reaching right"]].mean() > columns.mean()
    assert "reaching left, reaching right" not in masks


def test_writers_of_many_images_are_slices_and_in_no_pair():
    images, labels = written(100)
    writers = np.repeat([2_050, 2_200, 2_300], [40, 40, 20])
    slices = crossed_slices(images, labels, writers)
    alone = {name for name in slices if name.startswith("writer ")}
    assert alone == {"writer 2050", "writer 2200"}
    assert slices["writer 2200"].sum() == 40
    assert not [name for name in slices if ", writer " in name]
    assert "digit 4, written by students" in slices


def test_the_slices_that_gates_were_made_of_keep_their_names():
    images, labels = written(2_000)
    slices = crossed_slices(images, labels, np.repeat([2_050, 2_200], 1_000))
    for name in ("thin strokes", "slanted left", "small", "written by employees", "digit 4, small"):
        assert slices[name].any()


def test_what_is_not_known_of_an_image_is_in_neither_extreme():
    values = np.array([np.nan, *range(20)], np.float64)
    masks = extremes(values, "low", "high")
    assert np.flatnonzero(masks["low"]).tolist() == [1, 2]
    assert np.flatnonzero(masks["high"]).tolist() == [19, 20]
    assert extremes(np.full(3, np.nan), "low", "high") == {}
