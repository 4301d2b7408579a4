"""Which threshold a source gets: proven, cautious or raised, and what others get then."""

import numpy as np
import pytest

from mnist.acceptance.choice import choose_thresholds
from mnist.acceptance.sources import Basis, source_of, threshold_for
from mnist.acceptance.thresholds import NOTHING_ACCEPTED, JudgedPredictions, Promise

PROMISE = Promise(0.002)
CAUTIOUS = 0.998


def evidence(source, images, wrong=0, confidence=0.9995) -> JudgedPredictions:
    flags = np.zeros(images, bool)
    flags[:wrong] = True
    return JudgedPredictions(source, np.full(images, confidence), flags)


def chosen(*parts, **options):
    return choose_thresholds(parts, PROMISE, cautious=CAUTIOUS, **options)


def test_without_any_label_the_threshold_is_the_cautious_one():
    (everything,) = chosen()
    assert (everything.source, everything.threshold) == ("", CAUTIOUS)
    assert everything.basis is Basis.CAUTIOUS
    assert everything.bound == 1
    assert "nothing audited yet" in everything.sentence


def test_a_source_of_ten_images_is_judged_with_all_others():
    assert [each.source for each in chosen(evidence("tiny/", 10))] == [""]


def test_a_source_with_some_labels_stands_by_itself_and_says_what_it_rests_on():
    everything, scans = chosen(evidence("scans/", 1_356, wrong=1))
    assert scans.threshold == CAUTIOUS
    assert scans.sentence.startswith("Source scans/: 1 of 1,356 audited wrong, at most 0.35%.")
    assert everything.accepted == 1_356


def test_enough_labels_without_a_mistake_lower_the_threshold():
    confidence = np.concatenate([np.full(1_500, 0.9995), np.full(1_500, 0.97)])
    right = JudgedPredictions("scans/", confidence, np.zeros(3_000, bool))
    _, scans = chosen(right)
    assert scans.basis is Basis.PROVEN
    assert scans.threshold <= 0.97


def test_a_promise_shown_broken_raises_the_threshold_above_the_mistakes():
    bad = evidence("scans/", 300, wrong=8, confidence=0.9985)
    good = evidence("scans/", 300, confidence=0.9999)
    everything, scans = chosen(bad, good)
    assert (scans.basis, scans.is_broken) == (Basis.RAISED, True)
    assert 0.9985 < scans.threshold <= 0.9999
    assert scans.wrong == 0
    assert everything.threshold >= scans.threshold, "others may be no better"


def test_where_even_the_surest_are_wrong_nothing_is_accepted():
    _, scans = chosen(evidence("scans/", 300, wrong=100, confidence=1.0))
    assert scans.threshold == NOTHING_ACCEPTED


def test_a_raised_threshold_is_not_called_broken_again():
    parts = [
        evidence("scans/", 300, wrong=8, confidence=0.9985),
        evidence("scans/", 300, confidence=0.9999),
    ]
    first = chosen(*parts)
    again = chosen(*parts, present=first)
    assert [each.threshold for each in again] == [each.threshold for each in first]
    assert not any(each.is_broken for each in again)


def test_two_mistakes_of_a_few_prove_nothing_about_a_large_source():
    _, scans = chosen(evidence("scans/", 1_000, wrong=3))
    assert scans.basis is Basis.CAUTIOUS, "3 of 1,000 may be chance: at least .08 %"


@pytest.mark.parametrize(
    ("batch", "declared", "source"),
    [
        ("clinic-1", None, "clinic-1/"),
        ("clinic-1", "clinic-,town", "clinic-"),
        ("clinic-1", "clinic-, clinic-1", "clinic-1"),
        ("other", "clinic-, ", "other/"),
        ("_loose", "", "_loose/"),
    ],
)
def test_a_source_is_a_batch_or_the_longest_declared_beginning(batch, declared, source):
    assert source_of(batch, declared) == source


def test_a_source_does_not_judge_another_whose_name_begins_alike():
    thresholds = chosen(evidence("scan/", 200), evidence("scan/", 200))
    assert threshold_for(thresholds, "scan/").source == "scan/"
    assert threshold_for(thresholds, "scanner/").source == ""


@pytest.mark.parametrize(
    ("batch", "declared", "source"),
    [
        ("api-default-20261127T14", None, "api-default-"),
        ("api-till_7-20261127T14-0123abcd", None, "api-till_7-"),
        ("api-default-20261127T14", "api-", "api-"),
        ("api-default-20261127T25", None, "api-default-20261127T25/"),
        ("api-forms", None, "api-forms/"),
        ("my-api-default-20261127T14", None, "my-api-default-20261127T14/"),
    ],
)
def test_captured_images_of_a_client_are_one_source(batch, declared, source):
    assert source_of(batch, declared) == source
