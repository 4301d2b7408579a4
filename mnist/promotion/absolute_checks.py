"""Absolute checks of the readings: what any candidate must show, whoever is champion."""

import numpy as np

from mnist.digits import CLASSES
from mnist.evaluation.metrics import Evaluation
from mnist.evaluation.statistics import proportion_lower_bound, proportion_upper_bound
from mnist.promotion.checks import Check, Status, at_least, at_most, images, not_measured
from mnist.promotion.evidence import Evidence
from mnist.promotion.policy import Policy


def absolute_checks(candidate: Evidence, evaluation: Evaluation, policy: Policy) -> list[Check]:
    """Check how one model version reads, on its own."""
    return [
        *_size(evaluation, policy),
        *_accuracy(evaluation, policy),
        _worst_confusion(evaluation, policy),
        at_most(
            "calibration error",
            evaluation.calibration_error,
            policy.calibration_error_cap,
            "The expected calibration error",
        ),
        at_most("Brier score", evaluation.brier, policy.brier_cap, "The Brier score"),
        at_most("log loss", evaluation.log_loss, policy.log_loss_cap, "The log loss"),
        *_corruptions(candidate, policy),
        *_slices(candidate, policy),
        *_real_world(candidate, policy),
        *_writers(candidate, policy),
    ]


def _size(evaluation: Evaluation, policy: Policy) -> list[Check]:
    fewest = int(np.argmin(evaluation.support))
    return [
        _count("test images", evaluation.images, policy.minimum_images, "The evaluation"),
        _count(
            "test images per digit",
            evaluation.support[fewest],
            policy.minimum_images_per_digit,
            f"The rarest digit, {fewest},",
        ),
    ]


def _count(name: str, value: int, floor: int, what: str) -> Check:
    passed = value >= floor
    return Check(
        name,
        Status.PASSED if passed else Status.FAILED,
        value,
        floor,
        f"{what} has {images(value)}, {'at least' if passed else 'fewer than'} the {floor:,} "
        "needed.",
    )


def _accuracy(evaluation: Evaluation, policy: Policy) -> list[Check]:
    present = [digit for digit in range(CLASSES) if evaluation.support[digit]]
    bounds = {
        digit: proportion_lower_bound(
            evaluation.confusion[digit][digit],
            evaluation.support[digit],
            confidence=1 - policy.alpha,
        )
        for digit in present
    }
    worst_f1 = min(present, key=lambda digit: evaluation.f1[digit])
    worst_recall = min(present, key=bounds.__getitem__)
    return [
        at_least("macro F1", evaluation.macro_f1, policy.macro_f1_floor, "Macro F1"),
        at_least(
            "lowest F1 of a digit",
            evaluation.f1[worst_f1],
            policy.class_f1_floor,
            f"The lowest F1 of a digit, that of {worst_f1},",
        ),
        at_least(
            "lowest recall of a digit",
            bounds[worst_recall],
            policy.class_recall_floor,
            f"The lowest recall of a digit, that of {worst_recall} "
            f"({evaluation.recall[worst_recall]:.4f} measured), taken at its lower "
            f"{1 - policy.alpha:.0%} bound,",
        ),
    ]


def _worst_confusion(evaluation: Evaluation, policy: Policy) -> Check:
    bounds = {
        (true, read): proportion_upper_bound(
            evaluation.confusion[true][read],
            evaluation.support[true],
            confidence=1 - policy.alpha,
        )
        for true in range(CLASSES)
        for read in range(CLASSES)
        if true != read and evaluation.support[true]
    }
    true, read = max(bounds, key=bounds.__getitem__)
    return at_most(
        "most frequent confusion",
        bounds[true, read],
        policy.confusion_rate_cap,
        f"The most frequent confusion, {true} read as {read} "
        f"({evaluation.confusion[true][read]} of {evaluation.support[true]} images), taken at its "
        f"upper {1 - policy.alpha:.0%} bound,",
    )


def _corruptions(candidate: Evidence, policy: Policy) -> list[Check]:
    if not candidate.corruptions:
        return [
            not_measured(
                "corruptions",
                "Accuracy on corrupted images was not measured.",
                required="corruptions" in policy.required,
            )
        ]
    worst = min(candidate.corruptions, key=candidate.corruptions.__getitem__)
    return [
        at_least(
            "mean over corruptions",
            float(np.mean(list(candidate.corruptions.values()))),
            policy.corruption_mean_floor,
            f"Mean accuracy over {len(candidate.corruptions)} corruptions",
        ),
        at_least(
            "worst corruption",
            float(candidate.corruptions[worst]),
            policy.corruption_worst_floor,
            f"Accuracy on the worst corruption, {worst},",
        ),
    ]


def _slices(candidate: Evidence, policy: Policy) -> list[Check]:
    accuracies = {name: candidate.correct[mask].mean() for name, mask in candidate.slices.items()}
    return _named_floors("slice", accuracies, policy.slice_floors)


def _real_world(candidate: Evidence, policy: Policy) -> list[Check]:
    accuracies = {name: sample.correct.mean() for name, sample in candidate.real_world.items()}
    return _named_floors("real-world set", accuracies, policy.real_world_floors)


def _named_floors(kind: str, accuracies: dict[str, float], floors: dict[str, float]) -> list[Check]:
    checks = []
    for name in sorted(accuracies.keys() | floors.keys()):
        title = f"{kind} {name}"
        if name not in accuracies:
            checks.append(
                not_measured(title, f"The {title} has a floor and was not measured.", required=True)
            )
        else:
            floor = floors.get(name, 0.0)
            checks.append(
                at_least(title, float(accuracies[name]), floor, f"Accuracy on the {title}")
            )
    return checks


def _writers(candidate: Evidence, policy: Policy) -> list[Check]:
    if candidate.writers is not None:
        return []
    return [
        not_measured(
            "writers",
            "Nobody knows who wrote the images, so intervals take them as independent and may be "
            "too narrow.",
            required="writers" in policy.required,
        )
    ]
