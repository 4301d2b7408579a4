"""What the promotion gate does to candidates whose true worth is known.

    python -m benchmarks.promotion [--evaluations 1000]

Draws evaluations of 10,000 test images by two models that disagree on a given share of them and
whose true difference in accuracy is given, and counts the verdicts under the default policy. The
last line is one JSON object: "<disagreement> <difference>" -> share of each verdict.
About one minute on one core.
"""

import argparse
import json
from collections import Counter

import numpy as np

from mnist.promotion import Policy, Verdict
from mnist.promotion.comparison import compare

IMAGES = 10_000
DISAGREEMENTS = (0.0020, 0.0035)
DIFFERENCES = (-0.0020, -0.0015, -0.0010, -0.0005, 0.0, 0.0005, 0.0010, 0.0020)


def verdicts(disagreement: float, difference: float, evaluations: int) -> dict[Verdict, float]:
    """Return the share of evaluations that end in each verdict."""
    policy = Policy(bootstrap_replicates=2_000)
    gain, loss = (disagreement + difference) / 2, (disagreement - difference) / 2
    draws = np.random.default_rng(0).multinomial(IMAGES, [gain, loss, 1 - gain - loss], evaluations)
    counts: Counter[Verdict] = Counter()
    for (gained, lost), times in zip(
        *np.unique(draws[:, :2], axis=0, return_counts=True), strict=True
    ):
        candidate, champion = np.ones(IMAGES, bool), np.ones(IMAGES, bool)
        champion[:gained], candidate[gained : gained + lost] = False, False
        counts[compare(candidate, champion, None, policy).verdict] += int(times)
    return {verdict: counts[verdict] / evaluations for verdict in Verdict}


def main() -> None:
    """Print one row per true difference, then the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--evaluations", type=int, default=1_000)
    evaluations = parser.parse_args().evaluations
    print("| disagreement | true difference | " + " | ".join(v.words for v in Verdict) + " |")
    print("|---|---|" + "---|" * len(Verdict))
    result = {}
    for disagreement in DISAGREEMENTS:
        for difference in DIFFERENCES:
            if abs(difference) > disagreement:
                continue
            shares = verdicts(disagreement, difference, evaluations)
            cells = " | ".join(f"{shares[verdict]:.0%}" for verdict in Verdict)
            print(f"| {disagreement:.4f} | {difference:+.4f} | {cells} |", flush=True)
            result[f"{disagreement} {difference}"] = {v.value: shares[v] for v in Verdict}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
