"""What candidate and champion learned from: different data sources are never compared unsaid."""

from mnist.data.data_sources import FALLBACKS
from mnist.promotion.checks import Check, Status, not_measured
from mnist.promotion.evidence import Evidence

_NAME = "data source against the champion"


def is_lower(source: str, than: str) -> bool:
    """Tell whether one data source only stands in for the other: a fallback for any other."""
    return source in FALLBACKS and than not in FALLBACKS


def source_check(candidate: Evidence, champion: Evidence) -> Check:
    """Let through what learned from the champion's data source, or from one of a higher kind."""
    mine, theirs = candidate.source, champion.source
    if not mine or not theirs:
        whose = candidate.model_version if not mine else champion.model_version
        return not_measured(
            _NAME, f"It is not recorded what images version {whose} learned from.", relative=True
        )
    if mine == theirs:
        status, sentence = Status.PASSED, f"Candidate and champion both learned from {mine}."
    elif is_lower(theirs, mine):
        status = Status.PASSED
        sentence = (
            f"The candidate learned from {mine}, the champion from {theirs}, which only stands in "
            "for it: a candidate of the higher kind may take its place."
        )
    else:
        status, sentence = Status.FAILED, source_problem(mine, theirs)
    return Check(_NAME, status, None, None, sentence, relative=True)


def fallback_note(candidate: Evidence) -> list[str]:
    """Say of a first model that its data source only stands in for another."""
    if candidate.source not in FALLBACKS:
        return []
    return [
        f"It learned from {candidate.source}, which only stands in for MNIST: its numbers say "
        "nothing about MNIST, and a model of MNIST may take its place."
    ]


def source_problem(candidate: str, champion: str) -> str:
    """Say why the gates promote no candidate of that source, and what to do."""
    return (
        f"The candidate learned from {candidate} and the champion from {champion}, and numbers of "
        f"one say nothing about the other, so the gates do not promote it. Train again where "
        f"{champion} is to be had (MNIST_DATA_DIR), or let a person answer for it with `promote`."
    )
