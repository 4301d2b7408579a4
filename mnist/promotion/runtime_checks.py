"""Runtime checks: the scoring graph in its real runtime, and images of production."""

from collections.abc import Iterator

from mnist.evaluation.statistics import (
    mcnemar,
    proportion_lower_bound,
    proportion_upper_bound,
    score_interval,
)
from mnist.promotion.checks import Check, CheckList, Status, at_most, images, not_measured
from mnist.promotion.evidence import Evidence, Replay
from mnist.promotion.policy import Policy

runtime_checks = CheckList[[Evidence, Policy]]()
"""Given the evidence of the candidate and the policy."""


@runtime_checks.gate
def _graph(candidate: Evidence, policy: Policy) -> Iterator[Check]:
    runtime = candidate.runtime
    if runtime is None:
        yield not_measured(
            "scoring runtime",
            "The exported graph was not loaded in the scoring runtime.",
            required="runtime" in policy.required,
        )
        return
    problems = [
        *([] if runtime.finite else ["some probabilities are not finite"]),
        *([] if runtime.digest_matches else ["its bytes are not those recorded at training"]),
    ]
    yield Check(
        "scoring graph",
        Status.of(not problems),
        None,
        None,
        f"The scoring graph is not usable: {' and '.join(problems)}."
        if problems
        else "The scoring graph loads, has the recorded digest and gives finite probabilities.",
    )
    yield at_most(
        "parity of the scoring graph",
        runtime.parity,
        policy.parity_cap,
        "The largest difference between trained model and scoring graph",
    )
    yield at_most(
        "latency",
        runtime.latency_p99_ms,
        policy.latency_p99_cap_ms,
        "The 99th percentile of one prediction in milliseconds",
    )


@runtime_checks.gate
def _replay(candidate: Evidence, policy: Policy) -> Iterator[Check]:
    replay = candidate.replay
    if replay is None or replay.images == 0:
        yield not_measured(
            "replay of production images",
            "No production images were scored again with the candidate.",
            required="replay" in policy.required,
        )
        return
    if not replay.counts:
        yield Check(
            "digits that change in production",
            Status.PASSED,
            replay.changed / max(1, replay.unlabelled),
            None,
            "Digits that change in production, and how many are accepted, are not held against "
            "the candidate: the champion learned from a data source of a lower kind.",
        )
        return
    yield _labelled(replay, policy)
    if replay.images < policy.minimum_replayed:
        yield not_measured(
            "digits that change in production",
            f"{images(replay.images)} of production are fewer than the {policy.minimum_replayed:,} "
            "that decide anything.",
            required="replay" in policy.required,
        )
        return
    if replay.unlabelled:
        yield _changed(replay, policy)
    yield _acceptance(replay, policy)


def _labelled(replay: Replay, policy: Policy) -> Check:
    """Judge the images that people have labelled as right or wrong."""
    name = "labelled images of production"
    if not replay.labelled:
        return not_measured(name, "Nobody has labelled any of the replayed images.", relative=True)
    test = mcnemar(replay.gained, replay.lost)
    passed = test.p_worse > policy.alpha
    return Check(
        name,
        Status.of(passed),
        test.p_worse,
        policy.alpha,
        f"Of {images(replay.labelled)} of production with a label {replay.gained:,} right only by "
        f"the candidate, {replay.lost:,} only by the champion; "
        f"{'no sign that it is' if passed else 'significantly'} worse (p = {test.p_worse:.2g}).",
        relative=True,
    )


def _changed(replay: Replay, policy: Policy) -> Check:
    """Bound the share of images without a label whose digit changes for the worse.

    A change is for the worse where the champion was right: as often as it was sure of its digits
    there, as far as labels of other changed images allow. A champion that misreads strangers is
    surer than right, so this errs towards refusing.
    """
    confidence = 1 - policy.alpha
    change = proportion_lower_bound(replay.changed, replay.unlabelled, confidence=confidence)
    judged = replay.gained + replay.lost + replay.other
    least, most = 0.0, 1.0
    if judged:
        least = proportion_lower_bound(replay.lost, judged, confidence=confidence)
        most = proportion_upper_bound(replay.lost, judged, confidence=confidence)
    worse = min(max(replay.changed_confidence, least), most)
    share = change * worse
    passed = share <= policy.flip_rate_cap
    labels = (
        f"of {images(judged)} with a label that change too, {replay.lost:,} were right before"
        if judged
        else "no changed image has a label"
    )
    return Check(
        "digits that change in production",
        Status.of(passed),
        share,
        policy.flip_rate_cap,
        f"{replay.changed:,} of {images(replay.unlabelled)} without a label change, surely "
        f"{change:.2%} of all such; the champion was {replay.changed_confidence:.0%} sure of their "
        f"digits on average; {labels}, so {'no more than' if passed else 'more than'} the "
        f"cap of {policy.flip_rate_cap:.2%} {'need' if passed else 'may'} change for the worse"
        f"{'.' if passed else ': look at them.'}",
    )


def _acceptance(replay: Replay, policy: Policy) -> Check:
    """Fail if the share of accepted images surely drops by more than the policy allows.

    Where much is for review already, seeds of one recipe differ by more points: a drop counts by
    what it adds to the work of reviewing.
    """
    difference = score_interval(
        replay.newly_accepted,
        replay.no_longer_accepted,
        replay.images,
        confidence=1 - 2 * policy.alpha,
    )
    drop = max(0.0, -difference.high)
    for_review = 1 - replay.accepted_before
    allowed = max(policy.acceptance_drop_cap, policy.review_rise_cap * for_review)
    passed = drop <= allowed
    return Check(
        "acceptance in production",
        Status.of(passed),
        drop,
        allowed,
        f"Accepted without review goes from {replay.accepted_before:.2%} to "
        f"{replay.accepted_after:.2%} of {images(replay.images)}, surely a drop of {drop:.2%}; "
        f"{'a' if passed else 'only a'} drop of at most {allowed:.2%} is allowed, where "
        f"{for_review:.2%} are for review before.",
    )
