"""Gate slices over a real store: appended, the last word counts, two at once both count."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from mnist.errors import InvalidInput
from mnist.storage.gate_slices import GateSlices

MINE = {"dataset": "mnist", "who": "Ada", "why": "4s of students are weak"}


@pytest.fixture
def gate_slices(results_bucket):
    return GateSlices(results_bucket)


def test_the_last_word_on_a_slice_counts_and_all_words_stay(gate_slices):
    gate_slices.set_floor("digit 4", 0.95, **MINE)
    gate_slices.set_floor("small", 0.9, **MINE)
    gate_slices.set_floor("digit 4", 0.97, **MINE)
    gate_slices.set_floor("small", 0, **MINE | {"why": "too strict"})
    assert gate_slices.floors("mnist") == {"digit 4": 0.97}
    entries = gate_slices.entries()
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4]
    assert (entries[0].who, entries[3].why) == ("Ada", "too strict")


def test_a_floor_belongs_to_the_images_it_was_found_in(gate_slices):
    gate_slices.set_floor("small", 0.9, **MINE)
    assert gate_slices.floors("sklearn-digits") == {}


def test_two_people_at_once_are_both_heard(gate_slices):
    names = [f"digit {digit}" for digit in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda name: gate_slices.set_floor(name, 0.9, **MINE), names))
    assert gate_slices.floors("mnist") == dict.fromkeys(names, 0.9)


@pytest.mark.parametrize("wrong", [{"who": " "}, {"why": ""}, {"floor": 1.5}, {"name": ""}])
def test_without_name_reason_or_a_share_nothing_is_recorded(gate_slices, wrong):
    said = {"name": "small", "floor": 0.9} | MINE | wrong
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        gate_slices.set_floor(said.pop("name"), said.pop("floor"), **said)
    assert gate_slices.entries() == []


def test_what_is_no_entry_is_named_and_stops_nothing(gate_slices, results_bucket):
    results_bucket.create("gate-slices/00000001.json", b"{}")
    gate_slices.set_floor("small", 0.9, **MINE)
    assert gate_slices.floors("mnist") == {"small": 0.9}
    assert gate_slices.log.entries().unreadable == ["gate-slices/00000001.json"]
