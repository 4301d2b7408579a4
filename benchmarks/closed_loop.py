"""From a weak source to a better champion, on a live stack: `python -m benchmarks.closed_loop`.

    MNIST_DATA_DIR=... python -m benchmarks.closed_loop --hands FOLDER

Starts a stack of its own with a champion that has learned from MNIST alone. Two sources drop
folders: `post` writes as MNIST does, `clinic` is the public set Semeion, whose writers MNIST hardly
knows. Then as people would do it, each step through its deployment and the code behind the
dashboard: an audit finds that the clinic is predicted worse; its labelled images are imported, half
to learn from and half as a gate; a retraining passes the gates and begins on canary; the canary
scores its share and becomes champion; an audit of the clinic's next folder says what that was
worth. Nobody is asked: whoever audits here knows the labels.

The last line is one JSON object: for `clinic` and `post` what audits said `before` and `after`
(`audited`, `wrong`, `accepted`, `accepted_wrong`), the sentence of the `gate` on the clinic's
images, the verdict on the `canary`, `seconds`, and `closed`: whether all of it came about. About
six minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from os import environ
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.own_stack import own_stack
from dashboard.access.actions import record_answer
from dashboard.access.people import Person, Role
from dashboard.pages.review.queued import queue_predictions
from infra.prefect_server import prefect_api
from mnist.canary import CANARY_PASSED
from mnist.data.datasets import load_dataset
from mnist.data.hands.loading import load_hands
from mnist.data.labelled import LabelledImages
from mnist.errors import InvalidDataset, MnistError, Unavailable
from mnist.keys import READY_MARKER
from mnist.reviews.queue import audit_tickets
from mnist.reviews.review import Answer
from mnist.services import Services
from mnist.settings import load_settings
from mnist.storage.journal import JournalEntry

SOURCES = ("clinic", "post")
FOLDERS = 3
SETTINGS = {
    "MNIST_ACCEPTANCE_SOURCES": ",".join(f"{source}-" for source in SOURCES),
    "MNIST_AUDIT_SHARE": "1",
    "MNIST_CANARY_SHARE": "0.5",
    "MNIST_CANARY_LEAST_IMAGES": "400",
    "MNIST_REVIEWS_NEEDED": "1",
}
AUDITOR = Person("auditor", Role.EDITOR)

_PATIENCE_SECONDS = 900.0
_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Audited:
    """What an audit of one folder said.

    Attributes:
        audited: Images that were looked at blind.
        wrong: Wrong ones of these.
        accepted: Images of the folder that were accepted.
        accepted_wrong: Wrong ones among the audited ones that were accepted.
    """

    audited: int
    wrong: int
    accepted: int
    accepted_wrong: int

    @property
    def sentence(self) -> str:
        """Say it for people."""
        return (
            f"{self.wrong} of {self.audited} audited are wrong, {self.accepted} are accepted, "
            f"{self.accepted_wrong} of these wrong"
        )


class Loop:
    """The steps, on a running stack.

    Args:
        parts: Of the stack.
        images: Source -> its images, parted into folders in their order.
    """

    def __init__(self, parts: Services, images: Mapping[str, LabelledImages]) -> None:
        self.parts = parts
        self._prefect = prefect_api(environ)
        self._folders = {
            source: [labelled.take(part) for part in np.array_split(np.arange(labelled.n), FOLDERS)]
            for source, labelled in images.items()
        }

    def drop(self, number: int) -> None:
        """Drop a folder of each source and wait until both have their receipts."""
        inbox = self.parts.bucket(self.parts.settings.inbox_bucket)
        for source in SOURCES:
            for name, content, _ in self._files(source, number):
                inbox.put(f"{source}-{number}/{name}", content)
            inbox.put(f"{source}-{number}/{READY_MARKER}", b"")
        for source in SOURCES:
            self._wait_for_receipt(f"{source}-{number}")

    def audit(self, source: str, number: int) -> Audited:
        """Look blind at what was drawn of a folder, and answer with the labels."""
        batch = f"{source}-{number}"
        labels = {f"{batch}/{name}": label for name, _, label in self._files(source, number)}
        settings = self.parts.settings
        queue = queue_predictions(
            self.parts.results,
            batch,
            audit_share=settings.audit_share,
            audit_key=settings.audit_key_bytes,
        )
        wrong = set()
        tickets = audit_tickets(queue.audited, blind=())
        for ticket in tickets:
            label = labels[ticket.version.key]
            record_answer(self.parts.reviews, AUDITOR, ticket, Answer(str(label)))
            if ticket.read_as != label:
                wrong.add(ticket.version.key)
        rows = self.parts.results.rows(batch)
        accepted = {row["key"] for row in rows.to_pylist() if row["accepted"]}
        return Audited(len(tickets), len(wrong), len(accepted), len(wrong & accepted))

    def run(self, deployment: str, **parameters: object) -> None:
        """Run a deployment to its end; where an automation's run is under way, after that.

        Raises:
            Unavailable: If it does not complete.
        """
        run = self._prefect.start(f"{deployment}/default", parameters)

        def ended() -> bool:
            nonlocal run
            state = str(self._prefect.request("GET", f"/flow_runs/{run}")["state_type"])
            if state in {"FAILED", "CRASHED"}:
                raise Unavailable(f"{deployment} ended {state}; see {self._prefect.run_url(run)}")
            if state == "CANCELLED":  # one at a time
                run = self._prefect.start(f"{deployment}/default", parameters)
            return state == "COMPLETED"

        wait_until(ended, deployment)

    def label(self, source: str, number: int) -> None:
        """Import the images of a folder with their labels: half to learn from, half as a gate."""
        with tempfile.TemporaryDirectory() as folder:
            for name, content, label in self._files(source, number):
                file = Path(folder) / source / str(label) / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            self.run("import-set", place=f"{folder}/{source}", who=AUDITOR.name, use="split")

    def sentence_of_gate(self, entry: JournalEntry, source: str) -> str:
        """Find what the gates said of a version on the labelled images of a source."""
        catalogue = self.parts.catalogue
        run = catalogue.version(entry.to_version).run
        decision = None if run is None else catalogue.decision(run, entry)
        checks = decision.evidence["checks"] if decision else []
        checks = sorted(checks, key=lambda check: not check["relative"])
        return next((c["sentence"] for c in checks if source in c["sentence"]), "")

    def acceptance(self, source: str) -> str:
        """Say from which confidence on predictions of a source are accepted, and why."""
        entry = self.parts.acceptance.newest(self.parts.registry.champion().digest)
        chosen = entry.thresholds if entry else []
        return next((one.sentence for one in chosen if one.source == f"{source}-"), "")

    def _wait_for_receipt(self, batch: str) -> None:
        wait_until(lambda: bool(self.parts.results.receipts(batch)), batch)

    def _files(self, source: str, number: int) -> Iterator[tuple[str, bytes, int]]:
        images = self._folders[source][number]
        for place, (image, label) in enumerate(zip(images.images, images.labels, strict=True)):
            yield f"{place:04}.png", cv2.imencode(".png", image)[1].tobytes(), int(label)


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Wait until something is so.

    Raises:
        Unavailable: If it takes too long.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise Unavailable(f"{what} did not come to an end within {_PATIENCE_SECONDS:.0f} s.")
        time.sleep(_POLL_SECONDS)


def closed(loop: Loop, say: Callable[[str], None]) -> dict[str, Any]:
    """Go round once, and say what each step came to."""

    def audits(number: int) -> dict[str, Audited]:
        loop.drop(number)
        found = {source: loop.audit(source, number) for source in SOURCES}
        for source, audited in found.items():
            say(f"audit of {source}-{number}: {audited.sentence}")
        loop.run("renew-acceptance")
        say(f"acceptance: {loop.acceptance('clinic')}")
        return found

    before = audits(0)
    loop.label("clinic", 0)
    say("labels: clinic-0 is imported, half to learn from and half as a gate")
    loop.run("retrain", recipe="demo", seed=1)
    decision = loop.parts.journal.entries()[-1]
    gate = loop.sentence_of_gate(decision, "clinic")
    say(f"gates: version {decision.to_version} {decision.action}. {gate}")
    loop.drop(1)
    loop.run("judge-canary")
    verdict = loop.parts.journal.entries()[-1]
    say(f"canary: {verdict.verdict}. {' '.join(verdict.reasons[:2])}")
    after = audits(2)
    rates = [found["clinic"].wrong / found["clinic"].audited for found in (before, after)]
    return {
        source: {"before": asdict(before[source]), "after": asdict(after[source])}
        for source in SOURCES
    } | {
        "gate": gate,
        "canary": verdict.verdict,
        "closed": verdict.verdict == CANARY_PASSED
        and loop.parts.registry.champion().version == decision.to_version
        and rates[1] < rates[0],
    }


def main() -> int:
    """Go round, print each step and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hands", type=Path, required=True, help="folder with semeion.data")
    asked = parser.parse_args()
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - started:5.0f} s  {line}", flush=True)

    try:
        clinic = next((h for h in load_hands(asked.hands) if h.name == "semeion"), None)
        if clinic is None:
            raise InvalidDataset(f"{asked.hands} holds no semeion.data.")
        _, first = np.unique(clinic.originals, return_index=True)
        strangers = clinic.images.take(np.random.default_rng(0).permutation(first))
        with own_stack(SETTINGS):
            parts = Services(load_settings())
            test = load_dataset(parts.settings.data_dir).test
            usual = test.take(np.arange(1_000, 1_000 + strangers.n))
            report = closed(Loop(parts, {"clinic": strangers, "post": usual}), say)
    except MnistError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(report | {"seconds": round(time.monotonic() - started)}))
    return 0 if report["closed"] else 1


if __name__ == "__main__":
    sys.exit(main())
