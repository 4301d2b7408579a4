"""The decision report: Markdown for the people who depend on a promotion."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mnist import markdown
from mnist.promotion.comparison import Verdict
from mnist.promotion.decision import Decision
from mnist.promotion.reviewed import printed_key, reviewed_section

_OUTCOME = {"failed": "**failed**", "not measured": "not measured", "passed": "passed"}
"""How each outcome is printed, in the order of the tables."""

_LABELS = {
    "as_given": "labels as given",
    "ambiguous_left_out": "corrected, ambiguous left out",
    "further": "further test images",
}

_COMPARISON_ROWS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "verdict on accuracy": lambda c: Verdict(c["verdict"]).words,
    "images": lambda c: f"{c['images']:,}",
    "right only by the candidate": lambda c: f"{c['test']['gained']}",
    "right only by the champion": lambda c: f"{c['test']['lost']}",
    "exact McNemar test, two-sided": lambda c: f"p = {c['test']['p_value']:.3g}",
    "difference in accuracy": lambda c: f"{c['difference']['estimate']:+.4f}",
    "its interval": lambda c: f"{c['difference']['low']:+.4f} to {c['difference']['high']:+.4f}",
    "design effect of writers": lambda c: f"{c['design_effect']:.2f}",
    "smallest difference usually detected": lambda c: f"{c['smallest_detectable']:.4f}",
}
"""Row of the comparison table -> how its cell is made from a comparison."""

_FIRST = (
    "There is no champion to compare with, so the candidate cannot be worse than one; only the "
    "checks of the candidate alone decide."
)

_MEANING = {
    Verdict.BETTER: "The candidate predicts significantly more images correctly than the champion.",
    Verdict.NOT_WORSE: "The candidate is not shown to be better, and a loss beyond the margin of "
    "the policy is excluded.",
    Verdict.WORSE: "The candidate is worse than the champion, in accuracy or in one of the "
    "comparisons below.",
    Verdict.INCONCLUSIVE: "The evidence does not tell whether the candidate is worse. This is not "
    "a fault of the candidate: the evaluation is too small for the difference, or something could "
    "not be compared. It gives no ground to promote.",
    Verdict.NOTHING_NEW: "The candidate has the champion's weights and thresholds, so there is "
    "nothing to compare and nothing moves.",
}


def report(decision: Decision) -> str:
    """Return the decision as Markdown: verdict first, then every check and number behind it."""
    evidence = decision.evidence
    sections = [
        _head(decision),
        _reasons(decision),
        _comparison(evidence),
        _label_errors(evidence),
        _replay(evidence),
        reviewed_section(evidence),
        _checks(evidence),
        _fine_print(decision),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _head(decision: Decision) -> str:
    action = "promote" if decision.promote else "do not promote"
    evidence = decision.evidence
    who = ""
    if "candidate" in evidence:
        candidate, champion = evidence["candidate"], evidence["champion"]
        against = "no champion yet" if champion is None else f"champion: {_name(champion)}"
        who = f"\n\nCandidate: {_name(candidate)}; {against}."
    first = "candidate" in evidence and evidence["champion"] is None
    meaning = _FIRST if first else _MEANING[decision.verdict]
    return f"# Verdict: {decision.verdict.words} - {action}\n\n{meaning}{who}"


def _name(side: Mapping[str, Any]) -> str:
    accuracy, images = side["evaluation"]["accuracy"], side["evaluation"]["images"]
    return (
        f"{side['model']} version {side['version']}, accuracy {accuracy:.2%} of {images:,} images"
    )


def _reasons(decision: Decision) -> str:
    return "## Reasons\n\n" + "\n".join(f"- {reason}" for reason in decision.reasons)


def _comparison(evidence: Mapping[str, Any]) -> str:
    if "comparison" not in evidence:
        return ""
    comparisons = evidence["comparison"]
    writers = comparisons["as_given"]["writers"]
    origin = (
        f"Intervals draw whole writers, {writers} of them."
        if writers
        else "Intervals take images as independent, because their writers are unknown."
    )
    table = markdown.table(
        ["", *(_LABELS[name] for name in comparisons)],
        [[title, *map(cell, comparisons.values())] for title, cell in _COMPARISON_ROWS.items()],
    )
    return f"## Candidate and champion on the same images\n\n{table}\n\n{origin}"


def _label_errors(evidence: Mapping[str, Any]) -> str:
    errors = evidence.get("label_errors")
    if errors is None:
        return ""
    columns = ("as_given", "corrected", "ambiguous_left_out")
    table = markdown.table(
        ("accuracy", "labels as given", "corrected", "ambiguous left out"),
        [
            [name, *(f"{errors[name][column]:.4f}" for column in columns)]
            for name in ("candidate", "champion")
            if errors[name] is not None
        ],
    )
    wrong, unclear = errors["corrected"], errors["ambiguous"]
    return (
        f"## Known label errors\n\n{wrong} test label{' is' if wrong == 1 else 's are'} known to "
        f"be wrong, {unclear} show{'s' if unclear == 1 else ''} no certain digit.\n\n{table}"
    )


def _replay(evidence: Mapping[str, Any]) -> str:
    replay = evidence.get("replay")
    if replay is None or not replay["images"]:
        return ""
    changed = sum(flip["images"] for flip in replay["flips"])
    text = (
        "## Production images, predicted again\n\n"
        f"Of the last {replay['images']:,} images, the candidate predicts for {changed:,} without "
        f"a label another digit than the champion. {_labelled_replay(replay)}Accepted without "
        f"review: {replay['accepted_before']:.1%} under the champion, "
        f"{replay['accepted_after']:.1%} under the candidate. A changed digit without a label may "
        "be right or wrong: look at them."
    )
    if not changed:
        return text
    rows = [
        (flip["before"], flip["after"], f"{flip['images']:,}", _keys(flip["keys"]))
        for flip in replay["flips"]
    ]
    return f"{text}\n\n" + markdown.table(("champion", "candidate", "images", "for example"), rows)


def _labelled_replay(replay: Mapping[str, Any]) -> str:
    labelled = replay.get("labelled", 0)  # decisions from before do not have it
    if not labelled:
        return "Nobody has labelled any of them. "
    return (
        f"Of {labelled:,} with a label {replay['gained']:,} are right only by the candidate and "
        f"{replay['lost']:,} only by the champion. "
    )


def _keys(keys: Sequence[str]) -> str:
    return " ".join(map(printed_key, keys))


def _checks(evidence: Mapping[str, Any]) -> str:
    alone = [check for check in evidence["checks"] if not check["relative"]]
    against = [check for check in evidence["checks"] if check["relative"]]
    tables = [
        _table("Checks of the candidate alone", alone),
        _table("Checks against the champion", against),
    ]
    return "\n\n".join(table for table in tables if table)


def _table(title: str, checks: Sequence[Mapping[str, Any]]) -> str:
    """Return one table, failed checks first."""
    if not checks:
        return ""
    rows = [
        (c["name"], _OUTCOME[c["status"]], _number(c["value"]), _number(c["limit"]), c["sentence"])
        for c in sorted(checks, key=lambda c: list(_OUTCOME).index(c["status"]))
    ]
    return f"## {title}\n\n" + markdown.table(("check", "outcome", "value", "limit", ""), rows)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _fine_print(decision: Decision) -> str:
    evidence = decision.evidence
    lines = [f"Policy {decision.policy_version}"]
    changes = evidence.get("policy_changes")
    if changes:
        lines.append(
            "changed from the defaults: "
            + ", ".join(f"{name} = {value}" for name, value in changes.items())
        )
    text = "; ".join(lines) + "."
    uses = evidence.get("holdout_uses")
    if uses is not None:
        text += f"\n\nThese test images have decided {uses} time{'' if uses == 1 else 's'} before."
        if uses >= evidence["policy"]["holdout_uses_warning"]:
            text += (
                " Models chosen again and again on the same images fit them by chance; "
                "evaluate on fresh images before trusting small gains."
            )
    return f"## Fine print\n\n{text}"
