"""Runtime checks: the scoring graph in its real runtime, and images of production."""

from collections.abc import Iterator

from mnist.promotion.checks import Check, CheckList, Status, at_most, no_drop, not_measured
from mnist.promotion.evidence import Evidence
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
            sum(replay.flips.values()) / replay.images,
            None,
            "Digits that change in production, and how many are accepted, are not held against "
            "the candidate: the champion learned from a data source of a lower kind.",
        )
        return
    yield at_most(
        "digits that change in production",
        sum(replay.flips.values()) / replay.images,
        policy.flip_rate_cap,
        f"The share of {replay.images:,} replayed production images whose digit changes",
    )
    yield no_drop(
        "acceptance in production",
        replay.accepted_before,
        replay.accepted_after,
        policy.acceptance_drop_cap,
        "The share of replayed images accepted without review",
    )
