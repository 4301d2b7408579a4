"""What images of a set are for: writers stay on one side, and sides stay about as large."""

from hypothesis import given
from hypothesis import strategies as st

from mnist.data.set_uses import Use, assign_writers, use_of_content

WRITERS = st.dictionaries(st.text(min_size=1, max_size=5), st.integers(1, 100), max_size=20)


@given(images=WRITERS, earlier=WRITERS)
def test_a_writer_keeps_the_side_of_an_earlier_import(images, earlier):
    sides = assign_writers(earlier, {})
    later = assign_writers(images | earlier, sides)
    assert later.items() >= sides.items()
    assert later == assign_writers(dict(reversed((images | earlier).items())), sides)


@given(images=WRITERS)
def test_the_sides_differ_by_no_more_than_one_writer(images):
    sides = assign_writers(images, {})
    totals = {
        use: sum(images[writer] for writer, side in sides.items() if side is use)
        for use in (Use.TRAIN, Use.EVALUATE)
    }
    assert abs(totals[Use.TRAIN] - totals[Use.EVALUATE]) <= max(images.values(), default=0)


def test_half_of_all_contents_are_on_each_side():
    uses = [use_of_content(bytes([first, 0])) for first in range(256)]
    assert uses.count(Use.TRAIN) == 128
