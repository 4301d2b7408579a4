"""Regression checks: where a candidate could be worse than the champion, whatever its accuracy."""

from collections.abc import Iterator, Mapping

import numpy as np

from mnist.evaluation.metrics import brier_scores
from mnist.evaluation.statistics import (
    Flags,
    PairedTest,
    accuracy_interval,
    bootstrap_interval,
    holm,
    mcnemar,
)
from mnist.promotion.checks import Check, CheckList, Status, images, no_drop, not_measured
from mnist.promotion.comparison import Verdict, accuracy_sentence, compare
from mnist.promotion.evidence import Evidence, Sample, different_images
from mnist.promotion.policy import Policy

regression_checks = CheckList[[Evidence, Evidence, Policy]]()
"""Given the evidence of candidate and champion on the same images, and the policy."""


@regression_checks.gate
def _confusions(candidate: Evidence, champion: Evidence, policy: Policy) -> Iterator[Check]:
    """Test each watched confusion, one-sided, on the images of its true digit."""
    tests = {}
    for true, predicted in policy.confusion_pairs:
        of_digit = candidate.labels == true
        # Counted the other way round: an image that only the candidate confuses is a loss.
        test = _paired(
            (champion.predicted == predicted) & of_digit,
            (candidate.predicted == predicted) & of_digit,
        )
        tests[f"{true} predicted as {predicted}"] = (
            test,
            f"{images(test.lost)} only by the candidate, {test.gained} only by the champion",
        )
    yield from _family(tests, policy)


@regression_checks.gate
def _slices(candidate: Evidence, champion: Evidence, policy: Policy) -> Iterator[Check]:
    """Test accuracy, one-sided, on slices, labelled sets and drawn pictures both have predicted."""
    correct = {
        f"slice {name} against the champion": (candidate.correct[mask], champion.correct[mask])
        for name, mask in candidate.slices.items()
    }
    for name, sample in candidate.labelled_sets.items():
        title = f"labelled set {name} against the champion"
        other = champion.labelled_sets.get(name)
        if other is None or different_images(sample, other):
            sentence = f"The champion has not predicted the same {name} images."
            yield not_measured(title, sentence, relative=True)
        else:
            correct[title] = (sample.correct, other.correct)
    for name, drawn in candidate.drawn.items():
        if name in champion.drawn:
            correct[f"{name} against the champion"] = drawn, champion.drawn[name]
    tests = {}
    for title, pair in correct.items():
        test = _paired(*pair)
        tests[title] = (
            test,
            f"{images(test.gained)} right only by the candidate, {test.lost} only by the champion",
        )
    yield from _family(tests, policy)


@regression_checks.gate
def _sets_not_worse(candidate: Evidence, champion: Evidence, policy: Policy) -> Iterator[Check]:
    """Exclude a loss beyond the margin on every labelled set that is large enough to show it."""
    of_sets = policy.model_copy(update={"margin": policy.set_margin})
    for name, sample in candidate.labelled_sets.items():
        other = champion.labelled_sets.get(name)
        if other is None or different_images(sample, other):
            continue  # said by the gate of slices and labelled sets
        comparison = compare(sample.correct, other.correct, sample.writers, of_sets)
        title = f"loss on labelled set {name}"
        numbers = f"{_accuracy(sample, policy)}, the champion's {_accuracy(other, policy)}"
        difference = comparison.difference
        interval = (
            f"a change of {difference.estimate:+.4f} ({difference.low:+.4f} to "
            f"{difference.high:+.4f})"
        )
        sentence = f"On {images(comparison.images)} of {name} accuracy is {numbers}: {interval}."
        needed = comparison.images_needed
        if needed is None or comparison.images < needed:
            more = "" if needed is None else f", about {needed:,} are needed for that"
            yield not_measured(
                title,
                f"{sentence} Too few to exclude a loss of {policy.set_margin:.4f}{more}.",
                relative=True,
            )
        else:
            passed = difference.low >= -policy.set_margin
            excluded = "is" if passed else "is not"
            yield Check(
                title,
                Status.of(passed),
                difference.low,
                -policy.set_margin,
                f"{sentence} A loss of more than {policy.set_margin:.4f} {excluded} excluded.",
                relative=True,
            )


@regression_checks.gate
def _brier(candidate: Evidence, champion: Evidence, policy: Policy) -> Iterator[Check]:
    """Fail if the Brier score surely rose and rose by more than the policy allows."""
    rise = bootstrap_interval(
        brier_scores(candidate.labels, candidate.probabilities)
        - brier_scores(champion.labels, champion.probabilities),
        groups=candidate.writers,
        confidence=1 - policy.alpha,
        # Percentiles of a smooth mean settle early, and drawing 10,000 images is the slow part.
        replicates=1_000,
        seed=policy.bootstrap_seed,
    )
    passed = rise.low <= 0 or rise.estimate <= policy.brier_rise_cap
    yield Check(
        "Brier score against the champion",
        Status.of(passed),
        rise.estimate,
        policy.brier_rise_cap,
        f"The Brier score changed by {rise.estimate:+.4f} ({rise.low:+.4f} to {rise.high:+.4f}); "
        f"{'no sure rise of more than' if passed else 'it surely rose, by more than'} "
        f"{policy.brier_rise_cap:.4f}.",
        relative=True,
    )


@regression_checks.gate
def _corruptions(candidate: Evidence, champion: Evidence, policy: Policy) -> Iterator[Check]:
    after, before = candidate.corruptions or {}, champion.corruptions or {}
    if not after or after.keys() != before.keys():
        yield not_measured(
            "corruptions against the champion",
            "The two were not measured on the same corruptions.",
            required="corruptions" in policy.required,
            relative=True,
        )
        return
    yield no_drop(
        "mean over corruptions against the champion",
        float(np.mean(list(before.values()))),
        float(np.mean(list(after.values()))),
        policy.corruption_mean_drop,
        "Mean accuracy over the corruptions",
        relative=True,
    )
    worst = max(after, key=lambda name: before[name] - after[name])
    yield no_drop(
        "largest drop on a corruption",
        float(before[worst]),
        float(after[worst]),
        policy.corruption_worst_drop,
        f"Accuracy on {worst}, the corruption with the largest drop,",
        relative=True,
    )


def reference_check(candidate: Evidence, reference: Evidence, policy: Policy) -> Check:
    """Fail if the candidate is worse than the best earlier champion."""
    name = f"accuracy against the best earlier champion, version {reference.model_version}"
    if problem := different_images(candidate, reference):
        return not_measured(name, problem, relative=True)
    comparison = compare(candidate.correct, reference.correct, candidate.writers, policy)
    return Check(
        name,
        Status.of(comparison.verdict is not Verdict.WORSE),
        comparison.difference.estimate,
        None,
        f"Against version {reference.model_version}, the best earlier champion: "
        f"{accuracy_sentence(comparison, policy)}",
        relative=True,
    )


def _accuracy(sample: Sample, policy: Policy) -> str:
    interval = accuracy_interval(sample.correct, sample.writers, confidence=1 - policy.alpha)
    return f"{interval.estimate:.4f} ({interval.low:.4f} to {interval.high:.4f})"


def _paired(candidate: Flags, champion: Flags) -> PairedTest:
    return mcnemar(int((candidate & ~champion).sum()), int((champion & ~candidate).sum()))


def _family(tests: Mapping[str, tuple[PairedTest, str]], policy: Policy) -> Iterator[Check]:
    """Turn one-sided tests asked together into checks; Holm pays for asking several."""
    adjusted = holm([test.p_worse for test, _ in tests.values()])
    for (name, (_, detail)), p_value in zip(tests.items(), adjusted, strict=True):
        passed = p_value > policy.alpha
        yield Check(
            name,
            Status.of(passed),
            p_value,
            policy.alpha,
            f"{name[0].upper()}{name[1:]}: {detail}; "
            f"{'no sign that it is' if passed else 'significantly'} worse "
            f"(p = {p_value:.2g} after Holm).",
            relative=True,
        )
