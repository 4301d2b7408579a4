"""The main job, for real: train a champion, drop images into the bucket, show what became of them.

`make demo` starts the local stack and runs this in a shell that has sourced `.local/env`. It goes
through the doors that people use: a Prefect deployment for training, a plain S3 client for
dropping, the store for reading results.
"""

import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from infra.demo_images import demonstration_images
from infra.identities import UPLOADER
from infra.prefect_server import prefect_api
from infra.services import SERVICES
from mnist.data.data_sources import MNIST
from mnist.data.datasets import Dataset, load_dataset
from mnist.errors import MnistError, NoChampion, Unavailable
from mnist.keys import READY_MARKER
from mnist.orchestrator import PrefectApi, advice
from mnist.promotion import is_lower
from mnist.scoring.receipts import Receipt
from mnist.services import Services
from mnist.settings import Settings, load_settings
from mnist.storage.clients import control_client

_TEST_DIGITS = 40
_TRAINING_SECONDS = 1_800
_SCORING_SECONDS = 180

_TOLERABLE = 0.1
"""Share of the test digits that may be predicted wrong: a model of these images stays far below."""

_SHOWN_DIGIT = re.compile(r"-is-(\d)-")

_NOISE = (
    "Finished in state",
    "Executing deployment step",
    "Deployment step",
    "All deployment steps",
    "Running 1 deploy",
)

_WIDTH_WITHOUT_TERMINAL = 120

console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL)


def main() -> int:
    """Run the demonstration.

    Returns:
        0 only if every dropped image has exactly one outcome, and hardly a test digit is wrong.
    """
    seconds: dict[str, float] = {}
    try:
        parts = Services(load_settings())
        data = _images(parts)
        with _step("training", seconds):
            source = _train_unless_champion(parts, data)
        batch = f"demo-{datetime.now(UTC):%Y%m%d-%H%M%S}"
        with _step("dropping", seconds):
            dropped = _put(parts, batch, data)
        with _step("drop to receipt", seconds):
            receipt = _wait_for_receipt(parts, batch, dropped)
        is_right = _show(parts, batch, receipt, source)
    except MnistError as error:
        console.print(advice(error), style="bold red", markup=False)
        return 1
    console.print("  seconds: " + ", ".join(f"{name} {s:.1f}" for name, s in seconds.items()))
    for service in SERVICES:
        if service.page:
            console.print(f"  {service.page:22} {service.address(os.environ)}")
    console.print("  dashboard login        your name and a password: grep DASHBOARD_ .local/env")
    console.print("  names and keys         . .local/env\n  to stop                make down")
    return 0 if is_right and receipt.is_balanced and receipt.listing.count == dropped else 1


def _images(parts: Services) -> Dataset:
    """Load MNIST; where it is not to be had, say so first and take scikit-learn's digits."""
    data = load_dataset(parts.settings.data_dir, fallback=True)
    if data.source != MNIST:
        console.print(
            "  MNIST is not to be had here, so scikit-learn's 1,797 digits stand in for it, and "
            "no number below says anything about MNIST. Set MNIST_DATA_DIR to the folder of "
            "MNIST's four .gz files, run `make up`, and this again.",
            style="bold yellow",
        )
    return data


def _train_unless_champion(parts: Services, data: Dataset) -> str:
    """Train where no champion is, or one that only stands in for these; return its data source."""
    registry = parts.registry
    try:
        champion = registry.champion()
    except NoChampion as error:
        console.print(f"  {advice(error)}", markup=False)
        _train(prefect_api(os.environ), data)
        champion = registry.champion()
    source = registry.origin(champion.version).dataset
    if is_lower(source, data.source):
        console.print(
            f"  the champion learned from {source} only, and {data.source} is here: train"
        )
        _train(prefect_api(os.environ), data)
        champion = registry.champion()
        source = registry.origin(champion.version).dataset
    for entry in parts.journal.entries()[-1:]:
        console.print(f"  version {entry.to_version} {entry.action}: {' '.join(entry.reasons)}")
    console.print(f"  the champion is {champion.name} version {champion.version}, of {source}")
    if source != data.source:
        console.print(
            f"  what is dropped now is of {data.source}, which it has not learned from",
            style="bold yellow",
        )
    return source


def _train(prefect: PrefectApi, data: Dataset) -> None:
    """Let the worker train; only where the digits of scikit-learn stand in, let it take them."""
    fallback = {} if data.source == MNIST else {"MNIST_FALLBACK_DIGITS": "true"}
    run = prefect.start("retrain/default", {}, fallback)
    state = _follow(prefect, run)
    if state != "COMPLETED":
        raise Unavailable(f"The retraining ended {state}; see {prefect.run_url(run)}")


def _follow(prefect: PrefectApi, run: str) -> str:
    """Print a flow run's log as it grows; return the state it ends in."""
    deadline = time.monotonic() + _TRAINING_SECONDS
    query = {"logs": {"flow_run_id": {"any_": [run]}}, "sort": "TIMESTAMP_ASC"}
    shown = 0
    with console.status("waiting for the worker"):
        while time.monotonic() < deadline:
            state = str(prefect.request("GET", f"/flow_runs/{run}")["state_type"])
            lines = prefect.request("POST", "/logs/filter", {**query, "offset": shown})
            for line in lines:
                if not line["message"].startswith(_NOISE):
                    console.print(f"  {line['message']}", markup=False)
            shown += len(lines)
            if state in {"COMPLETED", "FAILED", "CANCELLED", "CRASHED"}:
                return state
            time.sleep(0.5)
    raise Unavailable(f"The retraining did not end within {_TRAINING_SECONDS} s.")


def _put(parts: Services, batch: str, data: Dataset) -> int:
    """Copy the demonstration's images into the inbox with a plain client and the uploader's key."""
    settings = parts.settings
    client = control_client(Settings.of_variables({**os.environ, **UPLOADER.keys(os.environ)}))
    images = list(demonstration_images(data.test, _TEST_DIGITS))
    for name, content in images:
        client.put_object(Bucket=settings.inbox_bucket, Key=f"{batch}/{name}", Body=content)
    client.put_object(Bucket=settings.inbox_bucket, Key=f"{batch}/{READY_MARKER}", Body=b"")
    console.print(f"  dropped {len(images)} files into s3://{settings.inbox_bucket}/{batch}/")
    return len(images)


def _wait_for_receipt(parts: Services, batch: str, dropped: int) -> Receipt:
    results = parts.results
    deadline = time.monotonic() + _SCORING_SECONDS
    columns = (TextColumn("  scored"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("scored", total=dropped)
        while time.monotonic() < deadline:
            progress.update(bar, completed=len(results.settled(batch)))
            receipts = results.receipts(batch)
            if receipts and receipts[-1].listing.count == dropped:
                progress.update(bar, completed=dropped)
                return receipts[-1]
            time.sleep(0.2)
    raise Unavailable(
        f"No receipt for {dropped} images of batch {batch!r} after {_SCORING_SECONDS} s; see "
        ".local/logs/watcher.log."
    )


def mistakes(rows: Iterable[Mapping[str, Any]]) -> tuple[list[str], int]:
    """Name the test digits that were predicted wrong, and count all that were predicted.

    Args:
        rows: Of the demonstration's images, whose names say which digit is on them.
    """
    shown = {str(row["key"]): _SHOWN_DIGIT.search(str(row["key"])) for row in rows}
    digits = {row["key"]: row["digit"] for row in rows if row["digit"] is not None}
    labels = {key: match[1] for key, match in shown.items() if match and key in digits}
    return [key for key, digit in labels.items() if str(digits[key]) != digit], len(labels)


def _show(parts: Services, batch: str, receipt: Receipt, source: str) -> bool:
    """Show every row and the sums; say whether the predictions are what the names say."""
    rows = parts.results.rows(batch).to_pylist()
    table = Table(
        Column("key", overflow="fold"),
        "digit",
        "confidence",
        "outcome",
        "reason or warnings",
        title=batch,
    )
    for row in sorted(rows, key=lambda row: str(row["key"])):
        scored = row["digit"] is not None
        table.add_row(
            row["key"].partition("/")[2],
            str(row["digit"]) if scored else "",
            f"{row['confidence']:.4f}" if scored else "",
            row["outcome"],
            row["reason"] or ", ".join(row["warnings"]),
        )
    console.print(table)
    sums = receipt.summary()
    console.print(
        f"  {sums['listed']} listed = {sums['scored']} scored + {sums['rejected']} rejected; "
        f"{sums['accepted']} accepted without review. {receipt.verdict_reason}"
    )
    wrong, predicted = mistakes(rows)
    is_right = len(wrong) <= _TOLERABLE * predicted
    console.print(f"  {len(wrong)} of {predicted} test digits were predicted wrong.")
    if not is_right:
        console.print(
            f"  That is too many: the champion learned from {source} and does not predict these "
            f"images. Look at {', '.join(wrong[:3])}; go back with prefect deployment run "
            "'rollback/default', or set MNIST_DATA_DIR, run `make up` and train again.",
            style="bold red",
            markup=False,
        )
    return is_right


@contextmanager
def _step(name: str, seconds: dict[str, float]) -> Iterator[None]:
    """Name a step as it begins, and note how long it took."""
    console.print(f"[bold]{name}[/]", markup=True)
    started = time.monotonic()
    yield
    seconds[name] = time.monotonic() - started


if __name__ == "__main__":
    sys.exit(main())
