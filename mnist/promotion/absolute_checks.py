"""Absolute checks: what any candidate must show, whoever is champion."""

from collections.abc import Iterator, Mapping

import numpy as np

from mnist.digits import CLASSES
from mnist.evaluation.metrics import Evaluation
from mnist.evaluation.statistics import proportion_lower_bound, proportion_upper_bound
from mnist.promotion.checks import (
    Check,
    CheckList,
    Status,
    at_least,
    at_most,
    images,
    not_measured,
)
from mnist.promotion.evidence import Evidence
from mnist.promotion.policy import Policy

absolute_checks = CheckList[[Evidence, Evaluation, Policy]]()
"""Given the evidence of the candidate, its evaluation on the test images, and the policy."""


@absolute_checks.gate
def _size(_: Evidence, evaluation: Evaluation, policy: Policy) -> Iterator[Check]:
    fewest = int(np.argmin(evaluation.support))
    for name, count, floor, subject in (
        ("test images", evaluation.images, policy.minimum_images, "The evaluation"),
        (
            "test images per digit",
            evaluation.support[fewest],
            policy.minimum_images_per_digit,
            f"The rarest digit, {fewest},",
        ),
    ):
        passed = count >= floor
        relation = "at least" if passed else "fewer than"
        sentence = f"{subject} has {images(count)}, {relation} the {floor:,} needed."
        yield Check(name, Status.of(passed), count, floor, sentence)


@absolute_checks.gate
def _f1(_: Evidence, evaluation: Evaluation, policy: Policy) -> Iterator[Check]:
    yield at_least("macro F1", evaluation.macro_f1, policy.macro_f1_floor, "Macro F1")
    worst = min(_occurring(evaluation), key=lambda digit: evaluation.f1[digit])
    yield at_least(
        "lowest F1 of a digit",
        evaluation.f1[worst],
        policy.class_f1_floor,
        f"The lowest F1 of a digit, that of {worst},",
    )


@absolute_checks.gate
def _recall(_: Evidence, evaluation: Evaluation, policy: Policy) -> Iterator[Check]:
    level = 1 - policy.alpha
    bounds = {
        digit: proportion_lower_bound(
            evaluation.confusion[digit][digit], evaluation.support[digit], confidence=level
        )
        for digit in _occurring(evaluation)
    }
    worst = min(bounds, key=bounds.__getitem__)
    yield at_least(
        "lowest recall of a digit",
        bounds[worst],
        policy.class_recall_floor,
        f"The lowest recall of a digit, that of {worst} ({evaluation.recall[worst]:.4f} "
        f"measured), taken at its lower {level:.0%} bound,",
    )


@absolute_checks.gate
def _worst_confusion(_: Evidence, evaluation: Evaluation, policy: Policy) -> Iterator[Check]:
    level = 1 - policy.alpha
    bounds = {
        (true, predicted): proportion_upper_bound(
            evaluation.confusion[true][predicted], evaluation.support[true], confidence=level
        )
        for true in _occurring(evaluation)
        for predicted in range(CLASSES)
        if true != predicted
    }
    true, predicted = max(bounds, key=bounds.__getitem__)
    yield at_most(
        "most frequent confusion",
        bounds[true, predicted],
        policy.confusion_rate_cap,
        f"The most frequent confusion, {true} predicted as {predicted} "
        f"({evaluation.confusion[true][predicted]} of {evaluation.support[true]} images), taken "
        f"at its upper {level:.0%} bound,",
    )


@absolute_checks.gate
def _confidence(_: Evidence, evaluation: Evaluation, policy: Policy) -> Iterator[Check]:
    yield at_most(
        "calibration error",
        evaluation.calibration_error,
        policy.calibration_error_cap,
        "The expected calibration error",
    )
    yield at_most("Brier score", evaluation.brier, policy.brier_cap, "The Brier score")
    yield at_most("log loss", evaluation.log_loss, policy.log_loss_cap, "The log loss")


@absolute_checks.gate
def _corruptions(candidate: Evidence, _: Evaluation, policy: Policy) -> Iterator[Check]:
    if not candidate.corruptions:
        yield not_measured(
            "corruptions",
            "Accuracy on corrupted images was not measured.",
            required="corruptions" in policy.required,
        )
        return
    worst = min(candidate.corruptions, key=candidate.corruptions.__getitem__)
    yield at_least(
        "mean over corruptions",
        float(np.mean(list(candidate.corruptions.values()))),
        policy.corruption_mean_floor,
        f"Mean accuracy over {len(candidate.corruptions)} corruptions",
    )
    yield at_least(
        "worst corruption",
        float(candidate.corruptions[worst]),
        policy.corruption_worst_floor,
        f"Accuracy on the worst corruption, {worst},",
    )


@absolute_checks.gate
def _slices(candidate: Evidence, _: Evaluation, policy: Policy) -> Iterator[Check]:
    accuracies = {name: candidate.correct[mask].mean() for name, mask in candidate.slices.items()}
    yield from _named_floors("slice", accuracies, policy.slice_floors)


@absolute_checks.gate
def _labelled_sets(candidate: Evidence, _: Evaluation, policy: Policy) -> Iterator[Check]:
    accuracies = {name: sample.correct.mean() for name, sample in candidate.labelled_sets.items()}
    yield from _named_floors("labelled set", accuracies, policy.real_world_floors)


@absolute_checks.gate
def _writers(candidate: Evidence, _: Evaluation, policy: Policy) -> Iterator[Check]:
    if candidate.writers is None:
        yield not_measured(
            "writers",
            "Nobody knows who wrote the images, so intervals take them as independent and may be "
            "too narrow.",
            required="writers" in policy.required,
        )


def _occurring(evaluation: Evaluation) -> list[int]:
    return [digit for digit in range(CLASSES) if evaluation.support[digit]]


def _named_floors(
    kind: str, accuracies: Mapping[str, float], floors: Mapping[str, float]
) -> Iterator[Check]:
    for name in sorted(accuracies.keys() | floors.keys()):
        title = f"{kind} {name}"
        if name not in accuracies:
            sentence = f"The {title} has a floor and was not measured."
            yield not_measured(title, sentence, required=True)
        else:
            accuracy, floor = float(accuracies[name]), floors.get(name, 0.0)
            yield at_least(title, accuracy, floor, f"Accuracy on the {title}")
