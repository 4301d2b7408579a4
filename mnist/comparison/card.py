"""The card of a comparison: which model is best, how surely, and when not to choose it."""

from collections.abc import Sequence

from mnist.comparison.results import ModelResult, rank
from mnist.digits import Labels
from mnist.evaluation.statistics import Groups, bootstrap_interval, mcnemar

_ALPHA = 0.05

_COSTS = {
    "training_cpu_seconds": "processor time for training",
    "prediction_seconds": "time to predict",
    "parameters": "size",
}


def describe_best(
    results: Sequence[ModelResult], labels: Labels, writers: Groups | None = None
) -> str:
    """Name the best model, test it against the runner-up, say when it is the wrong choice.

    Args:
        results: At least two, all on the same test images.
        labels: The true digits of those images, shape (n,).
        writers: Who wrote each image, if known; the interval then draws writers, not images.

    Returns:
        Markdown.

    Raises:
        InvalidEvaluation: If there are fewer than two results.
    """
    best, second = rank(results)[:2]
    comparison, surely_better = _compare(best, second, labels, writers)
    reasons = _costs(best, results)
    if not surely_better:
        reasons.insert(
            0,
            f"on accuracy alone: these images do not tell it from {second.name}, so take "
            "whichever of the two suits you better;",
        )
    if not best.saved:
        reasons.append("as champion: it is not saved as a scoring graph;")
    reasons.append("for other handwriting than MNIST's before it was measured on some of yours.")
    head = (
        f"# {best.name} is the most accurate\n\n{best.evaluation.errors} errors on "
        f"{len(labels):,} test images, accuracy {best.evaluation.accuracy:.4f}; the runner-up "
        f"{second.name} has {second.evaluation.errors} errors, accuracy "
        f"{second.evaluation.accuracy:.4f}. {comparison}\n\nDo not choose {best.name}\n\n"
    )
    return head + "\n".join(f"- {reason}" for reason in reasons) + "\n"


def _compare(
    best: ModelResult, second: ModelResult, labels: Labels, writers: Groups | None
) -> tuple[str, bool]:
    right, other = (r.probabilities.argmax(axis=1) == labels for r in (best, second))
    test = mcnemar(int((right & ~other).sum()), int((other & ~right).sum()))
    interval = bootstrap_interval(right.astype(float) - other, groups=writers)
    drawn = "images" if writers is None else "writers"
    text = (
        f"Only {best.name} is right on {test.gained} images, only {second.name} on {test.lost}: "
        f"exact McNemar p = {test.p_value:.2g}. The difference in accuracy is "
        f"{interval.estimate:+.4f}, 95 % interval {interval.low:+.4f} to {interval.high:+.4f} "
        f"(bootstrap over {drawn})."
    )
    return text, test.p_value < _ALPHA


def _costs(best: ModelResult, results: Sequence[ModelResult]) -> list[str]:
    """Say for each cost which model needs least of it, and what that one loses."""
    reasons = []
    for attribute, cost in _COSTS.items():
        cheapest = min(results, key=lambda result: float(getattr(result, attribute)))
        if cheapest is not best:
            factor = getattr(best, attribute) / max(getattr(cheapest, attribute), 1e-9)
            lost = 100 * (best.evaluation.accuracy - cheapest.evaluation.accuracy)
            reasons.append(
                f"if {cost} matters more than {lost:.2f} points of accuracy: {cheapest.name} "
                f"needs {factor:.1f} times less;"
            )
    return reasons
