"""Slices: read in one burst, decoded in one burst, and never too much in memory."""

from mnist.images import Limits
from mnist.keys import ObjectVersion
from mnist.scoring.minibatches import Allowance, cut_minibatches, load_minibatch
from mnist.scoring.pictures import Fetched
from tests.factories import png, version

MEGABYTE = 1_000_000
LIMITS = Limits(max_bytes=20 * MEGABYTE)


def sized(*sizes: int) -> list[ObjectVersion]:
    return [version(f"b/{i}.png", size=size) for i, size in enumerate(sizes)]


def sizes_of_slices(versions: list[ObjectVersion]) -> list[list[int]]:
    slices = list(cut_minibatches(versions, LIMITS))
    assert [each for piece in slices for each in piece] == versions
    return [[each.size for each in piece] for piece in slices]


def test_many_small_objects_come_64_at_a_time():
    assert [len(piece) for piece in cut_minibatches(sized(*[300] * 150), LIMITS)] == [64, 64, 22]


def test_large_objects_are_never_many_in_memory():
    megabytes = [3 * MEGABYTE, MEGABYTE, MEGABYTE, 15 * MEGABYTE, MEGABYTE]
    first, second, third, last = sizes_of_slices(sized(*megabytes))
    assert first == [3 * MEGABYTE, MEGABYTE]
    assert (second, third, last) == ([MEGABYTE], [15 * MEGABYTE], [MEGABYTE])


def test_objects_that_are_too_large_to_be_read_take_no_room():
    sizes = [100, 21 * MEGABYTE, 21 * MEGABYTE, 0, 100]
    assert sizes_of_slices(sized(*sizes)) == [sizes]


def test_a_slice_is_fetched_whole_before_anything_is_decoded(monkeypatch):
    happened = []

    def fetch(versions):
        for each in versions:
            happened.append("fetched")
            yield Fetched(png(int(each.key[2])))

    def decode_native(contents, limits):
        happened.append(f"{len(contents)} decoded")
        return real(contents, limits)

    from mnist.scoring import minibatches

    real = minibatches.decode_native
    monkeypatch.setattr(minibatches, "decode_native", decode_native)
    read = load_minibatch(sized(300, 300, 300), fetch, LIMITS, Allowance.of("b", 60))
    assert happened == ["fetched"] * 3 + ["3 decoded"]
    assert len(read.pixels) == len(read.contents) == 3
    assert read.fetch_seconds > 0
    assert read.decode_seconds > 0
