"""Names in the store."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist.errors import InvalidBatch
from mnist.keys import (
    LOOSE,
    batch_of,
    check_batch_name,
    chunk_name,
    identity,
    is_image_key,
    lease_key,
    listing_digest,
    part_key,
    receipt_key,
    scores_prefix,
)
from tests.factories import version

names = st.text(min_size=1, max_size=300).filter(lambda name: "/" not in name)


def test_a_batch_is_the_first_segment_of_the_key():
    assert batch_of("scans/2026/page 1/7.png") == "scans"


@pytest.mark.parametrize("key", ["7.png", "/7.png", "//x/7.png", "_loose/7.png"])
def test_an_object_outside_any_folder_belongs_to_the_loose_batch(key):
    assert batch_of(key) == LOOSE


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("a/7.png", True),
        ("a/", False),
        ("a/b/", False),
        ("a/_READY", False),
        ("a/_READY.png", True),
    ],
)
def test_folder_markers_and_ready_markers_are_not_images(key, wanted):
    assert is_image_key(key) is wanted


@pytest.mark.parametrize("name", ["", "a/b", "/"])
def test_a_batch_name_with_slashes_is_refused_with_its_value(name):
    with pytest.raises(InvalidBatch, match="cannot be a batch"):
        check_batch_name(name)


def test_overwriting_makes_another_object_version():
    assert identity("a/1.png", "old", 5) != identity("a/1.png", "new", 5)
    assert identity("a/1.png", "old", 5) != identity("a/1.png", "old", 6)
    assert version("a/1.png").identity == version("a/1.png").identity


def test_identity_is_the_same_everywhere():
    assert identity("a/1.png", "abc", 5).hex() == "aadab0bf99be077a46ba7d658c29e584"


def test_a_chunk_has_one_name_whatever_the_order():
    a, b = version("a/1.png"), version("a/2.png")
    assert chunk_name([a, b], "model", "pre") == chunk_name([b, a], "model", "pre")


def test_another_model_or_preprocessing_gives_another_chunk():
    chunk = [version("a/1.png")]
    assert len({chunk_name(chunk, m, p) for m in ("m1", "m2") for p in ("p1", "p2")}) == 4


def test_a_listing_digest_tells_sets_apart():
    one, two = version("a/1.png").identity, version("a/2.png").identity
    assert listing_digest([one, two]) == listing_digest([two, one])
    assert listing_digest([one]) != listing_digest([one, two])


@given(names)
def test_every_batch_has_its_own_short_ascii_place(name):
    prefix = scores_prefix(name)
    key = part_key(name, "c" * 40)
    assert key.startswith(prefix)
    assert key.isascii()
    assert len(key) < 300
    assert ".." not in prefix.split("/")
    assert prefix.count("/") == 2


@given(names, names)
def test_two_batches_never_share_a_place(one, other):
    if one != other:
        assert scores_prefix(one) != scores_prefix(other)
        assert lease_key(one) != lease_key(other)
        assert receipt_key(one, "r") != receipt_key(other, "r")


@pytest.mark.parametrize("name", [".", "..", "..."])
def test_a_batch_of_dots_cannot_walk_up(name):
    assert name not in scores_prefix(name).split("/")[1].split("/")
