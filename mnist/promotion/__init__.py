"""Decide, from evidence and policy alone, whether a candidate becomes champion.

Nothing here reads a store, a registry or a clock: `decide` is a calculation.
"""

from mnist.promotion.comparison import Verdict
from mnist.promotion.decision import Decision, decide, refuse
from mnist.promotion.evidence import Evidence, Replay, Runtime, Sample
from mnist.promotion.policy import Policy, small_sample_policy
from mnist.promotion.report import report

__all__ = [
    "Decision",
    "Evidence",
    "Policy",
    "Replay",
    "Runtime",
    "Sample",
    "Verdict",
    "decide",
    "refuse",
    "report",
    "small_sample_policy",
]
