"""Gates: what is measured, against whom, and what happens when the champion cannot be found."""

from dataclasses import replace

import numpy as np
import pytest

from mnist.data.datasets import Dataset
from mnist.data.labelled import LabelledImages
from mnist.errors import InvalidInput, InvalidPolicy, NoChampion
from mnist.operations.gates import Gates, policy_for
from mnist.operations.measuring import Contender
from mnist.operations.replay import ProductionImages
from mnist.promotion import Verdict
from tests.factories import InMemory, SeveralModels, digit_images, png
from tests.idx_files import write_further_test
from tests.journals import journal as entries_of

LABELS = np.arange(400) % 10
DRAWN = LabelledImages(digit_images(LABELS), LABELS)
DATA = Dataset(DRAWN, DRAWN, "drawn")


class Registry(SeveralModels):
    """Versions 1 and 3 are right, 2 and 4 swap 4 and 9; each has its accuracy on record.

    Each accepts from another confidence on, so no two are the same.
    """

    def __init__(self, folder):
        super().__init__(folder)
        self.digests |= {"3": self.digests["1"], "4": self.digests["2"]}
        self.measured = {"1": 1.0, "2": 0.8, "3": 1.0, "4": 0.8}

    def version(self, version):
        return replace(super().version(version), accept_confidence=0.1 + int(version) / 1_000)

    def test_accuracy(self, version, images_digest):
        return self.measured.get(version) if images_digest == DRAWN.digest else None


class Aliases:
    """Nothing to mend."""

    def reconcile(self):
        return None


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path)


@pytest.fixture
def aliases():
    return Aliases()


@pytest.fixture
def gate_slices():
    return InMemory().gate_slices


@pytest.fixture
def judge(registry, aliases, gate_slices):
    """Judge a version after some decisions, the last of which made the present champion."""

    def run(version, *decisions, policy=None, data=DATA, **changed):
        parts = InMemory(**changed)
        parts.registry, parts.aliases, parts.gate_slices = registry, aliases, gate_slices
        for decision in entries_of(*decisions):
            entry = decision.model_copy(update={"images_digest": DRAWN.digest})
            parts.journal.append(lambda *_, entry=entry: entry)
        registry.champion_version = parts.journal.champion() or registry.champion_version
        gates = Gates(parts)
        told = []
        model = registry.version(version)
        source = registry.origin(version).dataset
        contender = Contender(model, registry.predictor(model), source=source)
        judgement = gates.judge(contender, data, policy or {}, lambda *step: told.append(step))
        assert [share for share, _ in told] == sorted(share for share, _ in told)
        return judgement

    return run


@pytest.fixture
def nobody(registry, monkeypatch):
    def missing():
        raise NoChampion("No version carries the alias.")

    monkeypatch.setattr(registry, "champion", missing)


def checks(judgement):
    return {check["name"]: check for check in judgement.decision.evidence["checks"]}


@pytest.mark.usefixtures("nobody")
def test_the_first_candidate_is_measured_in_every_respect_but_against_nobody(judge):
    judgement = judge("1")
    assert judgement.decision.promote
    assert judgement.champion is None
    assert {"slice thin strokes", "mean over corruptions"} <= set(checks(judgement))
    assert "comparison" not in judgement.decision.evidence


def test_a_candidate_is_compared_with_the_champion_of_the_journal(judge):
    judgement = judge("2", "promoted 1")
    assert (judgement.decision.verdict, judgement.champion) == ("worse", "1")
    assert judgement.decision.evidence["champion"]["version"] == "1"
    assert "drop" in checks(judgement)["largest drop on a corruption"]["name"]
    assert judge("3", "promoted 1").decision.promote


def test_the_same_as_a_worse_champion_is_still_worse_than_the_best_before(judge):
    """Small steps down add up; the best champion so far is remembered."""
    judgement = judge("4", "promoted 1", "promoted 2")
    assert judgement.decision.verdict == "worse"
    assert any("version 1, the best earlier champion" in r for r in judgement.decision.reasons)


def test_a_champion_that_was_rolled_back_is_no_reference(judge, registry):
    registry.measured["3"] = 1.0
    judgement = judge("4", "promoted 2", "promoted 3", "rolled-back 2")
    assert not any("earlier champion" in name for name in checks(judgement))


def test_the_uses_of_the_same_test_images_are_counted(judge):
    judgement = judge("3", "promoted 1", "refused 2", "refused 4")
    assert "These test images have decided 3 times before." in judgement.report


@pytest.mark.usefixtures("nobody")
def test_a_champion_that_the_registry_lost_is_not_taken_for_none(judge):
    judgement = judge("3", "promoted 1")
    assert not judgement.decision.promote
    assert "The journal says that version 1 is champion" in judgement.decision.reasons[0]
    assert "roll back to a version that loads" in judgement.decision.reasons[0]


def test_a_champion_whose_version_was_deleted_promotes_nothing(judge, aliases, monkeypatch):
    def lost():
        raise InvalidInput("Model 'digits' has no version 1.")

    monkeypatch.setattr(aliases, "reconcile", lost)
    judgement = judge("3", "promoted 1")
    assert not judgement.decision.promote
    assert "has no version 1" in judgement.decision.reasons[0]


def test_labelled_sets_have_floors_of_their_own(judge, tmp_path):
    for digit in (4, 9):
        folder = tmp_path / "own" / "forms" / str(digit)
        folder.mkdir(parents=True)
        (folder / "a.png").write_bytes(png(digit))
    judgement = judge(
        "3",
        "promoted 1",
        policy={"real_world_floors": {"forms": 0.9, "photos": 0.5}},
        real_world_dir=tmp_path / "own",
    )
    assert checks(judgement)["labelled set forms"]["status"] == "passed"
    assert checks(judgement)["labelled set photos"]["status"] == "failed"
    assert not judgement.decision.promote


@pytest.mark.usefixtures("nobody")
def test_a_slice_that_a_person_made_a_gate_must_reach_its_floor(judge, gate_slices):
    source = {"dataset": DATA.source, "who": "Ada", "why": "4s are read as 9s"}
    gate_slices.set_floor("digit 4", 0.9, **source)
    gate_slices.set_floor("digit 9, small", 0.5, **source | {"dataset": "other images"})
    assert checks(judge("1"))["slice digit 4"]["status"] == "passed"
    refused = judge("2")  # swaps 4 and 9
    assert checks(refused)["slice digit 4"]["limit"] == 0.9
    assert not refused.decision.promote
    assert "slice digit 9, small" not in checks(refused)
    overridden = judge("2", policy={"slice_floors": {"digit 4": 0.0}})
    assert checks(overridden)["slice digit 4"]["status"] == "passed"


def test_a_damaged_gate_slice_lifts_no_floor_unseen(judge, gate_slices):
    bucket = gate_slices.log._bucket
    bucket.put("gate-slices/notes.txt", b"decides nothing")
    assert judge("3", "promoted 1").decision.promote
    bucket.put("gate-slices/00000001.json", b'{"sequence": 1, "na')
    refused = judge("3", "promoted 1").decision
    assert not refused.promote
    assert "gate-slices/00000001.json" in refused.reasons[0]
    assert "set the floor again" in refused.reasons[0]


def learned_from(registry, **sources):
    registry.origins = {name[1:]: {"dataset": source} for name, source in sources.items()}


def test_a_fallback_never_replaces_mnist_by_itself_and_the_report_says_what_to_do(judge, registry):
    learned_from(registry, v2="mnist", v3="sklearn-digits")
    judgement = judge("3", "promoted 2")  # which predicts these images better
    assert (judgement.decision.verdict, judgement.decision.promote) == ("inconclusive", False)
    reason = judgement.decision.reasons[0]
    assert "learned from sklearn-digits and the champion from mnist" in reason
    assert "MNIST_DATA_DIR" in reason
    assert "`promote`" in reason
    assert checks(judgement)["data source against the champion"]["status"] == "failed"
    assert reason in judgement.report
    assert "comparison" not in judgement.decision.evidence


def test_a_candidate_of_mnist_takes_the_place_of_a_fallback_whatever_digits_change(
    judge, registry, monkeypatch
):
    learned_from(registry, v2="sklearn-digits", v3="mnist")
    keys = tuple(f"b/{row}" for row in range(DRAWN.n))
    nobody = np.full(DRAWN.n, -1)
    scans = ProductionImages(keys, DRAWN.images, np.zeros(DRAWN.n, bool), nobody)
    monkeypatch.setattr("mnist.operations.gates.production_images", lambda _parts: scans)
    judgement = judge("3", "promoted 2")  # a fifth of the digits change
    assert judgement.decision.promote
    assert "a candidate of the higher kind may take its place" in judgement.report
    assert "not held against the candidate" in judgement.report
    assert len(judgement.decision.evidence["replay"]["flips"]) == 2


def test_other_images_that_are_no_fallback_are_not_compared_either(judge, registry):
    learned_from(registry, v1="mnist", v3="forms")
    assert not judge("3", "promoted 1").decision.promote


def test_an_origin_that_is_not_recorded_is_said(judge, registry):
    learned_from(registry, v3="mnist")
    judgement = judge("3", "promoted 1")
    assert judgement.decision.promote
    assert "It is not recorded what images version 1 learned from." in judgement.report


@pytest.mark.usefixtures("nobody")
def test_a_first_model_of_a_fallback_is_called_one(judge, registry):
    learned_from(registry, v1="sklearn-digits")
    judgement = judge("1")
    assert judgement.decision.promote
    assert "only stands in for MNIST" in judgement.report


def test_the_champions_weights_once_more_are_nothing_new_and_not_measured(judge, registry):
    registry.digests["5"] = registry.digests["1"]
    model = registry.version("1")
    registry.version = lambda version: replace(model, version=version)
    judgement = judge("5", "promoted 1")
    assert (judgement.decision.verdict, judgement.decision.promote) == ("nothing_new", False)
    assert "those of version 1, the champion" in judgement.decision.reasons[0]
    assert "# Verdict: nothing new - do not promote" in judgement.report
    assert judgement.decision.evidence["checks"] == []


def test_the_policy_follows_the_data_and_names_impossible_fields():
    assert policy_for(DATA, {}).version == "2-small-sample"
    assert policy_for(Dataset(DRAWN, DRAWN, "mnist"), {"margin": 0.5}).margin == 0.5
    with pytest.raises(InvalidPolicy, match="margin"):
        policy_for(DATA, {"margin": 2})


def test_further_test_images_decide_where_the_others_cannot_tell(judge, tmp_path):
    """400 images cannot exclude a loss of .0015, 5,000 more can."""
    labels = np.concatenate([LABELS, np.arange(5_000) % 10])
    mnist = replace(DATA, source="mnist")
    alone = judge("3", "promoted 1", data=mnist, data_dir=tmp_path).decision
    write_further_test(tmp_path, labels, digit_images(labels))
    beside = judge("3", "promoted 1", data=mnist, data_dir=tmp_path).decision
    assert alone.verdict is Verdict.INCONCLUSIVE
    assert beside.verdict is Verdict.NOT_WORSE
    assert "So 5,000 images decide that have selected nothing before." in " ".join(beside.reasons)
