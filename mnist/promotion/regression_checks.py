"""Relative checks: where a candidate could be worse than the champion, whatever its accuracy."""

from collections.abc import Mapping

import numpy as np

from mnist.evaluation.metrics import brier_scores
from mnist.evaluation.statistics import Flags, PairedTest, bootstrap_interval, holm, mcnemar
from mnist.promotion.checks import Check, Status, images, no_drop, not_measured
from mnist.promotion.comparison import Verdict, accuracy_sentence, compare
from mnist.promotion.evidence import Evidence, different_images
from mnist.promotion.policy import Policy


def relative_checks(candidate: Evidence, champion: Evidence, policy: Policy) -> list[Check]:
    """Check a candidate against the champion on the same images."""
    return [
        *_confusions(candidate, champion, policy),
        *_slices(candidate, champion, policy),
        _brier(candidate, champion, policy),
        *_corruptions(candidate, champion, policy),
    ]


def reference_check(candidate: Evidence, reference: Evidence, policy: Policy) -> Check:
    """Fail if the candidate is worse than the best earlier champion."""
    name = f"accuracy against the best earlier champion, version {reference.model_version}"
    if problem := different_images(candidate, reference):
        return not_measured(name, problem, relative=True)
    found = compare(candidate.correct, reference.correct, candidate.writers, policy)
    return Check(
        name=name,
        status=Status.FAILED if found.verdict is Verdict.WORSE else Status.PASSED,
        value=found.difference.estimate,
        limit=None,
        sentence=f"Against version {reference.model_version}, the best earlier champion: "
        f"{accuracy_sentence(found, policy)}",
        relative=True,
    )


def _confusions(candidate: Evidence, champion: Evidence, policy: Policy) -> list[Check]:
    """Test each watched confusion, one-sided, on the images of its true digit."""
    tests = {}
    for true, read in policy.confusion_pairs:
        of_digit = candidate.labels == true
        # Counted the other way round: an image that only the candidate confuses is a loss.
        test = _paired((champion.read == read) & of_digit, (candidate.read == read) & of_digit)
        tests[f"{true} read as {read}"] = (
            test,
            f"{images(test.lost)} only by the candidate, {test.gained} only by the champion",
        )
    return _family(tests, policy)


def _slices(candidate: Evidence, champion: Evidence, policy: Policy) -> list[Check]:
    """Test accuracy, one-sided, on every slice and every real-world set that both have read."""
    correct = {
        f"slice {name} against the champion": (candidate.correct[mask], champion.correct[mask])
        for name, mask in candidate.slices.items()
    }
    missing = []
    for name, sample in candidate.real_world.items():
        title = f"real-world set {name} against the champion"
        other = champion.real_world.get(name)
        if other is None or different_images(sample, other):
            missing.append(
                not_measured(
                    title, f"The champion has not read the same {name} images.", relative=True
                )
            )
        else:
            correct[title] = (sample.correct, other.correct)
    tests = {}
    for title, pair in correct.items():
        test = _paired(*pair)
        tests[title] = (
            test,
            f"{images(test.gained)} right only by the candidate, {test.lost} only by the champion",
        )
    return missing + _family(tests, policy)


def _paired(candidate: Flags, champion: Flags) -> PairedTest:
    return mcnemar(int((candidate & ~champion).sum()), int((champion & ~candidate).sum()))


def _family(tests: Mapping[str, tuple[PairedTest, str]], policy: Policy) -> list[Check]:
    """Turn one-sided tests asked together into checks; Holm pays for asking several."""
    adjusted = holm([test.p_worse for test, _ in tests.values()])
    return [
        Check(
            name=name,
            status=Status.PASSED if p_value > policy.alpha else Status.FAILED,
            value=p_value,
            limit=policy.alpha,
            sentence=f"{name[0].upper()}{name[1:]}: {detail}; "
            f"{'no sign that it is' if p_value > policy.alpha else 'significantly'} worse "
            f"(p = {p_value:.2g} after Holm).",
            relative=True,
        )
        for (name, (_, detail)), p_value in zip(tests.items(), adjusted, strict=True)
    ]


def _brier(candidate: Evidence, champion: Evidence, policy: Policy) -> Check:
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
    failed = rise.low > 0 and rise.estimate > policy.brier_rise_cap
    return Check(
        name="Brier score against the champion",
        status=Status.FAILED if failed else Status.PASSED,
        value=rise.estimate,
        limit=policy.brier_rise_cap,
        sentence=f"The Brier score changed by {rise.estimate:+.4f} "
        f"({rise.low:+.4f} to {rise.high:+.4f}); "
        f"{'it surely rose, by more than' if failed else 'no sure rise of more than'} "
        f"{policy.brier_rise_cap:.4f}.",
        relative=True,
    )


def _corruptions(candidate: Evidence, champion: Evidence, policy: Policy) -> list[Check]:
    mine, theirs = candidate.corruptions or {}, champion.corruptions or {}
    if not mine or mine.keys() != theirs.keys():
        return [
            not_measured(
                "corruptions against the champion",
                "The two were not measured on the same corruptions.",
                required="corruptions" in policy.required,
                relative=True,
            )
        ]
    drops = {name: float(theirs[name] - mine[name]) for name in mine}
    worst = max(drops, key=drops.__getitem__)
    return [
        no_drop(
            "mean over corruptions against the champion",
            float(np.mean(list(theirs.values()))),
            float(np.mean(list(mine.values()))),
            policy.corruption_mean_drop,
            "Mean accuracy over the corruptions",
            relative=True,
        ),
        no_drop(
            "largest drop on a corruption",
            float(theirs[worst]),
            float(mine[worst]),
            policy.corruption_worst_drop,
            f"Accuracy on {worst}, the corruption with the largest drop,",
            relative=True,
        ),
    ]
