"""Values are cut into their digits, whole, in order, with leading zeros."""

import json

import cv2
import numpy as np
import pytest

from mnist.digits import ImageWarning, Outcome
from mnist.layouts import CheckResult, Layout, PlaceContent, cut, resolve, value_cut
from mnist.layouts.sequences import ANSWERS, LineScores

HEIGHT = 44


def strip(hand, text: str, gap: int = 14, *, ruled: bool = False, paper: int = 235):
    """Print a value in dark ink; signs where a pen would put them."""
    pieces = []
    for sign in text:
        if sign.isdigit():
            image = hand.images[int(sign)]
            left, top, width, height = cv2.boundingRect((image > 40).astype(np.uint8))
            crop = image[top : top + height, left : left + width]
            piece = cv2.resize(crop, (round(width * HEIGHT / height), HEIGHT))
        else:
            piece = np.zeros((HEIGHT, {".": 7, ",": 7, "-": 20, " ": 30}[sign]), np.uint8)
            rows = {".": slice(-7, None), ",": slice(-8, None), "-": slice(20, 25)}.get(sign)
            if rows is not None:
                piece[rows] = 255
        pieces += [piece, np.zeros((HEIGHT, gap), np.uint8)]
    ink = np.pad(np.concatenate(pieces[:-1], axis=1), 30).astype(np.float32)
    if ruled:
        ink[30 + HEIGHT + 6 : 30 + HEIGHT + 8] = 200
    random = np.random.default_rng(1)
    level = paper - ink * (paper - 30) / 255 + random.normal(0, 2, ink.shape)
    return np.clip(level, 0, 255).astype(np.uint8)


def read(predict, plane, **said):
    (prediction,) = predict(cut(plane, Layout.parse(json.dumps(said).encode())))
    return prediction


@pytest.mark.parametrize("digits", [5, "auto"])
@pytest.mark.parametrize("text", ["00742", "10938", "55600"])
def test_a_spaced_value_is_predicted(text, digits, hand, predict) -> None:
    prediction = read(predict, strip(hand, text), digits=digits)
    assert prediction.value == text
    assert prediction.digits == tuple(map(int, text))
    assert prediction.outcome is Outcome.SCORED
    assert 0 <= prediction.value_confidence <= 1


def test_without_boxes_a_value_is_cut_as_with_the_search_for_them(hand) -> None:
    plane = strip(hand, "10938")
    (searched,) = cut(plane, Layout.parse(b'{"digits": 5}'))
    box = (0, 0, plane.shape[1], plane.shape[0])
    written = value_cut(plane, "", box, PlaceContent(digits=5), may_be_boxed=False)
    assert written.segments == searched.segments
    np.testing.assert_array_equal(written.candidates, searched.candidates)


def test_who_says_that_there_are_no_boxes_has_their_lines_cut_as_writing(hand) -> None:
    plane = np.full((110, 390), 235, np.uint8)
    for place, digit in enumerate((1, 0, 9, 3, 8)):
        left = 20 + 70 * place
        cv2.rectangle(plane, (left, 20), (left + 70, 90), 30, 2)
        small = plane[34:76, left + 14 : left + 56]
        small[:] = np.minimum(small, 255 - cv2.resize(hand.images[digit], (42, 42)))
    box, content = (0, 0, 390, 110), PlaceContent(digits=5)
    in_boxes = value_cut(plane, "", box, content)
    assert len(in_boxes.segments) == 5
    assert value_cut(plane, "", box, content, may_be_boxed=False).segments != in_boxes.segments


def test_marks_are_in_order_and_lie_on_the_digits(hand, predict) -> None:
    prediction = read(predict, strip(hand, "4071"), digits=4)
    lefts = [mark.box[0] for mark in prediction.marks]
    assert lefts == sorted(lefts)
    assert abs(lefts[0] - 30) <= 3
    for mark in prediction.marks:
        assert abs(mark.box[1] - 30) <= 3
        assert abs(mark.box[3] - 30 - HEIGHT) <= 3
        assert sum(mark.probabilities) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("gap", [0, -3])
def test_touching_digits_are_taken_apart(gap, hand, predict) -> None:
    plane = strip(hand, "2503", gap=0) if gap == 0 else None
    if plane is None:
        left, right = strip(hand, "25"), strip(hand, "03")
        plane = np.full((left.shape[0], left.shape[1] + right.shape[1]), 235, np.uint8)
        plane[:, : left.shape[1]] = left
        start = left.shape[1] - 60 + gap
        part = plane[:, start : start + right.shape[1]]
        np.minimum(part, right, out=part)
    prediction = read(predict, plane, digits=4)
    assert prediction.value == "2503"


def test_light_on_dark_and_ruled(hand, predict) -> None:
    plane = strip(hand, "6208", ruled=True)
    assert read(predict, plane, digits=4).value == "6208"
    assert read(predict, 255 - plane, digits="auto").value == "6208"


@pytest.mark.parametrize("text", ["12,50", "-7", "3.1", "20 41"])
def test_declared_signs_are_kept(text, hand, predict) -> None:
    symbols = "".join(sign for sign in ".,- " if sign in text)
    prediction = read(predict, strip(hand, text), digits="auto", symbols=symbols)
    assert prediction.value == text


def test_signs_that_are_not_declared_are_no_digits(hand, predict) -> None:
    prediction = read(predict, strip(hand, "12.50"), digits="auto")
    assert prediction.value == "1250"


@pytest.mark.parametrize("kind", ["white", "noise", "specks", "ruled"])
def test_nothing_written_is_empty(kind, predict) -> None:
    random = np.random.default_rng(2)
    plane = np.full((90, 300), 225, np.float64)
    if kind == "noise":
        plane += random.normal(0, 6, plane.shape)
    elif kind == "specks":
        plane[30:32, 50:52] = plane[60:62, 200:203] = 60
    elif kind == "ruled":
        plane[70:72] = 110
    prediction = read(predict, np.clip(plane, 0, 255).astype(np.uint8), digits=4)
    assert prediction.outcome is Outcome.EMPTY
    assert prediction.value == ""
    assert not prediction.accepted


def test_too_few_digits_are_for_a_person(hand, predict) -> None:
    prediction = read(predict, strip(hand, "42"), digits=8)
    assert ImageWarning.SEVERAL_COMPONENTS in prediction.warnings
    assert not prediction.accepted
    assert prediction.value_confidence == 0


def beside(one, other, apart):
    return np.hstack([one, np.full((len(one), apart), 235, np.uint8), other])


@pytest.mark.parametrize("digits", ["auto", 4])
def test_two_values_beside_each_other_are_for_a_person(digits, hand, predict) -> None:
    two = beside(strip(hand, "0142"), strip(hand, "738"), 60)
    prediction = read(predict, two, digits=digits)
    assert ImageWarning.SEVERAL_COMPONENTS in prediction.warnings
    assert not prediction.accepted


def test_one_value_of_a_declared_length_may_have_gaps(hand, predict) -> None:
    two = beside(strip(hand, "0142"), strip(hand, "738"), 60)
    for said in ({"digits": 7}, {"digits": "auto", "symbols": " "}):
        prediction = read(predict, two, **said)
        assert prediction.value.replace(" ", "") == "0142738"
        assert ImageWarning.SEVERAL_COMPONENTS not in prediction.warnings


@pytest.mark.parametrize("digits", ["auto", 4, 8])
def test_two_lines_of_writing_are_for_a_person(digits, hand, predict) -> None:
    lines = [strip(hand, text) for text in ("0142", "7385")]
    width = max(line.shape[1] for line in lines)
    padded = [
        np.pad(line, ((0, 0), (0, width - line.shape[1])), constant_values=235) for line in lines
    ]
    prediction = read(predict, np.vstack(padded), digits=digits)
    assert ImageWarning.SEVERAL_COMPONENTS in prediction.warnings
    assert not prediction.accepted


def test_a_failed_check_changes_nothing_and_proposes_what_passes(hand, predict) -> None:
    listed = {"list": ["4271", "4277", "9999"]}
    right = read(predict, strip(hand, "4271"), digits=4, check=listed)
    assert (right.check, right.proposal) == (CheckResult.PASSED, None)
    wrong = read(predict, strip(hand, "4271"), digits=4, check={"list": ["4277", "9999"]})
    assert wrong.value == "4271"
    assert wrong.check is CheckResult.FAILED
    assert not wrong.accepted
    assert wrong.proposal in {"4277", None}
    nothing = read(predict, strip(hand, "4271"), digits=4, check={"range": [0, 5]})
    assert nothing.proposal is None


@pytest.mark.parametrize("digits", [5, "auto"])
def test_boxes_of_a_field_are_its_cuts(digits, hand, predict) -> None:
    plane = np.full((100, 400), 235, np.uint8)
    plane[20:22, 20:362] = plane[80:82, 20:362] = 120
    for number in range(6):
        plane[20:82, 20 + 68 * number : 22 + 68 * number] = 120
    for number, digit in enumerate("70013"):
        ink = cv2.resize(hand.images[int(digit)], (56, 56))
        part = plane[22:78, 26 + 68 * number : 82 + 68 * number]
        np.minimum(part, 255 - ink, out=part)
    (boxed,) = cut(plane, Layout.parse(f'{{"digits": {json.dumps(digits)}}}'.encode()))
    assert len(boxed.candidates) == 5
    assert [prediction.value for prediction in predict([boxed])] == ["70013"]


def test_fields_are_cut_where_they_are_declared(hand, predict) -> None:
    page = np.full((400, 600), 235, np.uint8)
    for top, text in ((40, "0815"), (240, "99")):
        plane = strip(hand, text)
        page[top : top + plane.shape[0], 100 : 100 + plane.shape[1]] = plane
    layout = Layout.parse(
        b'{"fields": {"low": {"box": [0.1, 0.5, 0.9, 1], "digits": 2},'
        b' "high": {"box": [0.1, 0, 0.9, 0.5], "digits": 4},'
        b' "none": {"box": [0.9, 0, 1, 1]}}}'
    )
    predictions = predict(cut(page, layout))
    assert {each.place: each.value for each in predictions} == {
        "low": "99",
        "high": "0815",
        "none": "",
    }
    high = next(each for each in predictions if each.place == "high")
    assert all(40 < mark.box[1] < 160 and mark.box[0] >= 100 for mark in high.marks)


def heard(digits: str, steps: int = 20) -> LineScores:
    """Say so clearly that a line holds these digits that nothing else is near."""
    scores = np.full((steps, ANSWERS), np.log(1e-4), np.float32)
    scores[:, 0] = 0
    for place, digit in enumerate(digits):
        scores[2 * place + 1, [0, int(digit) + 1]] = np.log(1e-4), 0
    return scores


def test_what_the_line_network_is_surer_of_than_the_cuts_are_is_the_value(hand):
    (place,) = cut(strip(hand, "4271"), Layout.parse(b'{"digits": 4}'))
    probabilities = np.full((len(place.candidates), 10), 0.1, np.float32)
    prediction = resolve(place, probabilities, None, 0.0, heard("4277"))
    assert prediction.value == "4277"
    assert len(prediction.marks) == 4


def test_where_both_agree_the_value_is_surer(hand, predictor):
    (place,) = cut(strip(hand, "4271"), Layout.parse(b'{"digits": 4}'))
    probabilities = predictor.predict(place.candidates)
    agreed, contradicted = (
        resolve(place, probabilities, None, 0.0, heard(value)) for value in ("4271", "9271")
    )
    assert agreed.value == "4271"
    assert agreed.value_confidence > contradicted.value_confidence


def test_one_digit_is_no_line(hand):
    (place,) = cut(strip(hand, "4"), Layout.parse(b'{"digits": 1}'))
    assert place.line is None
