"""What counts of notes and tags, and what is a tag."""

import pytest
from pydantic import ValidationError

from mnist.errors import InvalidInput
from mnist.reviews.annotation import standing_annotations, tags_of
from tests.reviewing import annotation, content


def standing(*entries):
    return standing_annotations({str(number): entry for number, entry in enumerate(entries)})


def on(image, *entries):
    return standing(*entries)[content(image).sha256]


def test_tags_of_several_people_add_up_and_any_can_be_taken_off():
    first = annotation([1, 2], "ada", tags=("blurred", "form 7"))
    second = annotation([1], "bob", tags=("blurred", "ask"))
    off = annotation([1], "eve", removed=("blurred",))
    assert on(1, first, second, off).tags == ("ask", "form 7")
    assert on(2, first, second, off).tags == ("blurred", "form 7")


def test_a_tag_can_be_given_again():
    given, off = annotation([1], tags=("blurred",)), annotation([1], removed=("blurred",))
    again = annotation([1], tags=("blurred",))
    assert on(1, again, off, given).tags == ("blurred",)


def test_notes_are_kept_in_their_order_with_their_names_until_they_are_taken_back():
    first, second = (
        annotation([1], "ada", note=" Ask the school. "),
        annotation([1], "bob", note="Did"),
    )
    assert on(1, second, first).text == "Ask the school. (ada) | Did (bob)"
    back = annotation([1], "bob", takes_back="0")
    assert on(1, first, second, back).text == "Did (bob)"


def test_an_image_on_which_nothing_is_left_has_no_entry():
    given, off = annotation([1], tags=("blurred",)), annotation([1], removed=("blurred",))
    assert standing(given, off) == {}
    assert standing(annotation([1], note="so"), annotation([1], takes_back="0")) == {}


def test_an_entry_says_something_about_something():
    with pytest.raises(ValidationError, match="has a note or tags"):
        annotation([1], note="  ")
    with pytest.raises(ValidationError):
        annotation([], note="so")


def test_tags_are_what_commas_leave_without_capitals_and_doubled_blanks():
    assert tags_of(["Form  7, blurred", "blurred", " ,", "Straße"]) == (
        "form 7",
        "blurred",
        "straße",
    )


@pytest.mark.parametrize(
    "text", ["x" * 41, "x" * 10_000, "a\u200bb", "a\x00b", ",".join(map(str, range(21)))]
)
def test_what_is_no_tag_is_refused_with_what_is_one(text):
    with pytest.raises(InvalidInput, match="at most"):
        tags_of([text])
