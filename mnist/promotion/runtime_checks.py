"""Absolute checks of the operation: the real scoring runtime, and real production images."""

from mnist.promotion.checks import Check, Status, at_most, no_drop, not_measured
from mnist.promotion.evidence import Replay, Runtime
from mnist.promotion.policy import Policy


def runtime_checks(runtime: Runtime | None, policy: Policy) -> list[Check]:
    """Check how the exported graph loads and predicts."""
    if runtime is None:
        return [
            not_measured(
                "scoring runtime",
                "The exported graph was not loaded in the scoring runtime.",
                required="runtime" in policy.required,
            )
        ]
    sound = runtime.finite and runtime.digest_matches
    problems = [
        *([] if runtime.finite else ["some probabilities are not finite"]),
        *([] if runtime.digest_matches else ["its bytes are not those recorded at training"]),
    ]
    return [
        Check(
            "scoring graph",
            Status.PASSED if sound else Status.FAILED,
            None,
            None,
            "The scoring graph loads, has the recorded digest and gives finite probabilities."
            if sound
            else f"The scoring graph is not usable: {' and '.join(problems)}.",
        ),
        at_most(
            "parity of the scoring graph",
            runtime.parity,
            policy.parity_cap,
            "The largest difference between trained model and scoring graph",
        ),
        at_most(
            "latency",
            runtime.latency_p99_ms,
            policy.latency_p99_cap_ms,
            "The 99th percentile of one prediction in milliseconds",
        ),
    ]


def replay_checks(replay: Replay | None, policy: Policy) -> list[Check]:
    """Check how many readings would change in production."""
    if replay is None or replay.images == 0:
        return [
            not_measured(
                "replay of production images",
                "No production images were scored again with the candidate.",
                required="replay" in policy.required,
            )
        ]
    return [
        at_most(
            "digits that change in production",
            sum(replay.flips.values()) / replay.images,
            policy.flip_rate_cap,
            f"The share of {replay.images:,} replayed production images whose digit changes",
        ),
        no_drop(
            "acceptance in production",
            replay.accepted_before,
            replay.accepted_after,
            policy.acceptance_drop_cap,
            "The share of replayed images accepted without review",
        ),
    ]
