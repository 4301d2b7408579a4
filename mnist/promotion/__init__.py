"""Decide, from evidence and policy alone, whether a candidate becomes champion.

Nothing here reads a store, a registry or a clock: `decide` is a calculation.
"""

from mnist.promotion.comparison import Verdict
from mnist.promotion.data_sources import is_lower, source_problem
from mnist.promotion.decision import Decision, decide, nothing_new, refuse
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
    "is_lower",
    "nothing_new",
    "refuse",
    "report",
    "small_sample_policy",
    "source_problem",
]
