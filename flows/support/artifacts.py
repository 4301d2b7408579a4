"""What people see in Prefect: progress, receipts and decisions."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from prefect import get_run_logger
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    update_progress_artifact,
)

from mnist import markdown, services
from mnist.storage.journal import CANARY, CANARY_ENDED, NOTHING_NEW

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from mnist.data.set_report import SetReport
    from mnist.operations.canaries import CanaryLook
    from mnist.operations.gates import Judgement
    from mnist.operations.interventions import Undone
    from mnist.operations.measuring import ProgressCallback
    from mnist.operations.monitoring import Findings
    from mnist.operations.rescoring import Difference, RescorePlan
    from mnist.scoring.receipts import Receipt
    from mnist.storage.acceptance import AcceptanceEntry
    from mnist.storage.journal import JournalEntry

_UPDATE_SECONDS = 1.0
_BATCHES_SHOWN = 50


class Progress:
    """A progress bar in Prefect, moved at most once a second.

    Args:
        name: What is being worked on.
        unit: What the things are, where they are counted.
    """

    def __init__(self, name: str, unit: str = "images") -> None:
        self._name = name
        self._unit = unit
        self._started = time.monotonic()
        self._shown = self._started - _UPDATE_SECONDS
        self._artifact: UUID | None = None

    @property
    def seconds(self) -> float:
        """How long the work takes by now."""
        return time.monotonic() - self._started

    def count(self, done: int, total: int, *, is_final: bool = True) -> None:
        """Show how many things are done.

        Args:
            done: How many.
            total: Things to do, as far as the listing has come.
            is_final: Whether the total cannot grow any more.
        """
        rate = done / max(self.seconds, 1e-6)
        rest = f"{(total - done) / max(rate, 1e-6):,.0f} s left"
        self._move(
            done / total,
            f"{done:,} of {total:,} {self._unit}, {rate:,.3g} per second, "
            f"{rest if is_final else 'more are being listed'}",
        )

    def step(self, share: float, what: str) -> None:
        """Show how far the work is (0-1) and what comes next; a progress callback."""
        self._move(share, f"{what}, {self.seconds:.0f} s so far")

    def _move(self, share: float, what: str) -> None:
        now = time.monotonic()
        if now - self._shown < _UPDATE_SECONDS and share < 1:
            return
        self._shown = now
        text = f"{self._name}: {what}"
        if self._artifact is None:
            # Typed as what an asynchronous flow gets.
            created: Any = create_progress_artifact(100 * share, description=text)
            self._artifact = created
        else:
            update_progress_artifact(self._artifact, 100 * share, description=text)


def judged(judge: Callable[[ProgressCallback], Judgement]) -> Judgement:
    """Let the gates judge, showing how far they are, and log what they say."""
    progress = Progress("gates")
    judgement = judge(progress.step)
    get_run_logger().info(
        "The gates took %.1f s; verdict: %s.", progress.seconds, judgement.decision.verdict.words
    )
    return judgement


def publish_receipt(receipt: Receipt) -> None:
    """Show a receipt with the flow run and as the batch's own artifact."""
    text = receipt.markdown() + _link("The batch", "batches", batch=receipt.batch)
    create_markdown_artifact(
        text, key=key("receipt", receipt.batch), description=receipt.verdict_reason
    )


def publish_decision(entry: JournalEntry, report: str) -> None:
    """Show a promotion decision with the flow run."""
    links = f"[Training run in MLflow]({entry.evidence_url})\n"
    links += _link("The decision", "decisions", decision=str(entry.sequence))
    links += _link("Its errors", "errors", version=entry.to_version)
    create_markdown_artifact(
        f"{statement(entry)}\n\n{report}\n\n{links}",
        key="promotion-decision",
        description=f"version {entry.to_version}: {entry.action} ({entry.verdict})",
    )


def publish_set_report(name: str, report: SetReport) -> None:
    """Show what was found when a labelled set was imported, or was not."""
    lines = "\n".join(f"- {markdown.plain(sentence)}" for sentence in report.sentences)
    verdict = "refused" if report.refusals else f"{report.kept:,} images can be used"
    create_markdown_artifact(
        f"# Labelled set {markdown.plain(name)}\n\n{lines}\n",
        key=key("labelled-set", name),
        description=verdict,
    )


def publish_findings(findings: Findings, key: str) -> None:
    """Show what a day came to, and where the numbers are."""
    create_markdown_artifact(
        f"{findings.markdown}\nFindings in the results bucket: `{key}`\n{_link('Drift', 'drift')}",
        key="monitor",
        description=f"{findings.day}: {findings.verdict}",
    )


def publish_acceptance(entry: AcceptanceEntry) -> None:
    """Show from which confidence on predictions are accepted, and what that rests on."""
    lines = [
        f"# Acceptance, entry {entry.sequence}: {entry.model} version {entry.version}",
        "",
        f"Promised: at most {entry.max_error_rate:.2%} wrong among accepted predictions.",
        "",
        *(f"- {reason}" for reason in entry.reasons),
        "",
        markdown.table(
            ("of", "source", "accepted from", "rests on", "audited", "wrong", "at most"),
            [
                (
                    "values" if one.of_values else "digits",
                    one.source or "all others",
                    f"{one.threshold:.5g}",
                    one.basis,
                    f"{one.accepted:,}",
                    f"{one.wrong:,}",
                    f"{one.bound:.2%}",
                )
                for one in (*entry.thresholds, *entry.value_thresholds)
            ],
        ),
    ]
    create_markdown_artifact(
        "\n".join(lines) + "\n", key="acceptance", description=entry.thresholds[0].sentence
    )


def publish_rollback(undone: Undone) -> None:
    """Show a rollback, and what the version that was taken out has left behind."""
    entry = undone.entry
    lines = [f"# {statement(entry)}", "", *(f"- {reason}" for reason in entry.reasons)]
    lines += _left_behind(undone.taken_out, undone.batches)
    create_markdown_artifact("\n".join(lines) + "\n", key="rollback", description=statement(entry))


def publish_canary(look: CanaryLook) -> None:
    """Show what a look at the version on canary came to, and what it has left behind."""
    title = statement(look.entry) if look.entry else f"Canary: {look.verdict}"
    lines = [f"# {title}", "", *(f"- {sentence}" for sentence in look.sentences)]
    if look.entry is not None and not look.entry.moves:
        again = f" -p to_version={look.entry.from_version}"
        lines += _left_behind(look.entry.to_version, look.batches, again)
    create_markdown_artifact("\n".join(lines) + "\n", key="canary", description=title)


def _left_behind(version: str, batches: Sequence[str], again: str = "") -> list[str]:
    if not batches:
        return []
    return [
        "",
        f"{len(batches)} batches hold predictions of version {version}. To score them again and "
        "get a file of what changes:",
        "",
        f"    prefect deployment run rescore/default -p from_version={version}{again}",
        "",
        *(f"- {batch}" for batch in batches[:_BATCHES_SHOWN]),
    ]


def publish_difference(plan: RescorePlan, difference: Difference) -> None:
    """Show what another version predicts differently, and where the file is."""
    gone = (
        f" {difference.gone:,} more were overwritten or deleted since and cannot be scored again."
        if difference.gone
        else ""
    )
    lines = [
        f"# Predictions of version {plan.old} beside those of version {plan.new.version}",
        "",
        f"{difference.compared:,} images of {len(plan.batches)} batches compared: "
        f"{sum(difference.flips.values()):,} digits change, {difference.changed:,} rows change in "
        f"digit, outcome or acceptance.{gone} Nothing was overwritten.",
        "",
        "Difference file in the results bucket, for those who used the old predictions:",
        "",
        f"- `{difference.parquet}`",
        f"- `{difference.csv}`",
    ]
    if difference.flips:
        flips = sorted(difference.flips.items(), key=lambda flip: -flip[1])
        rows = ((before, after, f"{images:,}") for (before, after), images in flips)
        lines += ["", markdown.table(("old digit", "new digit", "images"), rows)]
    create_markdown_artifact("\n".join(lines) + "\n", key=key("rescore", plan.old))


def _link(what: str, page: str, **query: str) -> str:
    """Write a paragraph that leads to the dashboard; nothing if nobody said where that is."""
    address = services.current().settings.dashboard_page(page, **query)
    return f"\n[{what} on the dashboard]({address})\n" if address else ""


def statement(entry: JournalEntry) -> str:
    """Say in one sentence what a journal entry did to the champion."""
    if entry.action == NOTHING_NEW:
        return f"Nothing new; version {entry.from_version} stays champion."
    if entry.action == CANARY:
        return f"Version {entry.to_version} is on canary beside version {entry.from_version}."
    if entry.action == CANARY_ENDED:
        stays = f"version {entry.from_version} stays champion"
        return f"Version {entry.to_version} is off canary; {stays}."
    if not entry.moves:
        stays = f"; version {entry.from_version} stays champion" if entry.from_version else ""
        return f"Version {entry.to_version} was refused{stays}."
    before = f", instead of version {entry.from_version}" if entry.from_version else ""
    return f"Version {entry.to_version} is champion now{before} ({entry.action} by {entry.who})."


def key(kind: str, name: str) -> str:
    """Make an artifact key, which may hold lower-case letters, digits and dashes only."""
    return f"{kind}-{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}"[:200].rstrip("-")
