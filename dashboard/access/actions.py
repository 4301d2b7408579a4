"""What people may change. Each action checks the role itself and records who did it, and why.

Every action raises AccessDenied for a viewer and Unavailable if a service does not answer. Where
it writes a line of the audit log, it writes it first: nothing is started that nobody answers for.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from dashboard.access.people import Person, require_editor
from mnist.data.set_uses import Use
from mnist.errors import InvalidInput
from mnist.keys import UPLOADS
from mnist.orchestrator import PrefectApi
from mnist.reviews.review import Answer, Review, is_value, new_id, standing
from mnist.reviews.ticket import Ticket
from mnist.reviews.verdict import ErrorFault, ErrorVerdict, Misclassified
from mnist.scoring.receipts import Receipt
from mnist.storage.audit import AuditLog
from mnist.storage.bucket import Bucket
from mnist.storage.gate_slices import GateSlice, GateSlices
from mnist.storage.results import Results
from mnist.storage.reviews import ReviewLog
from mnist.storage.verdicts import VerdictLog
from mnist.storage.verifications import VerificationLog


@dataclass(frozen=True)
class SetRequest:
    """What a person wants to import.

    Attributes:
        name: Of the set.
        use: What it is for.
        place: As `s3://BUCKET/PREFIX`; empty for an uploaded archive.
        archive: The zip archive; None for a place in the store.
        why: The person's reason.
    """

    name: str
    use: Use
    place: str
    archive: IO[bytes] | None
    why: str


def score_rejects_again(
    prefect: PrefectApi, audit: AuditLog, person: Person, batch: str, why: str
) -> str:
    """Start a run that scores rejected images of a batch again; what has a digit stays as it is.

    Returns:
        Identifier of the flow run.

    Raises:
        InvalidInput: If there is no such deployment.
    """
    require_editor(person, "score rejects again")
    audit.record(person.name, "score rejects again", f"batch {batch}", " ".join(why.split()))
    return prefect.start("score-batch/default", {"batch": batch, "rejects_again": True})


def import_set(
    prefect: PrefectApi, audit: AuditLog, labels: Bucket, person: Person, request: SetRequest
) -> str:
    """Start the deployment that imports a labelled set; an uploaded archive is put there first.

    Args:
        prefect: Runs the deployment.
        audit: Takes up who asked for it.
        labels: Bucket that takes up the archive.
        person: Vouches for the labels.
        request: What is imported.

    Returns:
        Identifier of the flow run.

    Raises:
        InvalidInput: If there is no name, not exactly one place, or no such deployment.
    """
    require_editor(person, "import labelled sets")
    if not request.name:
        raise InvalidInput("The labelled set has no name; give it one.")
    if (request.archive is None) == (not request.place):
        raise InvalidInput("Choose a zip archive or a place in the store, and not both.")
    if request.place and not request.place.startswith("s3://"):
        raise InvalidInput(f"{request.place!r} is no place in the store; write s3://BUCKET/PREFIX.")
    subject = f"set {request.name}, to {request.use.value}, from {request.place or 'an upload'}"
    audit.record(person.name, "import a labelled set", subject, " ".join(request.why.split()))
    place = request.place
    if request.archive is not None:
        key = f"{UPLOADS}{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(8)}.zip"
        labels.upload(key, request.archive, "application/zip", {})
        place = f"s3://{labels.name}/{key}"
    parameters = {
        "place": place,
        "who": person.name,
        "name": request.name,
        "use": request.use.value,
    }
    return prefect.start("import-set/default", parameters)


def verify_receipt(
    results: Results, log: VerificationLog, person: Person, receipt: Receipt
) -> Sequence[str]:
    """Hold a receipt against every recorded row, and record under the person's name what it found.

    Returns:
        What does not hold; empty if the receipt does.
    """
    require_editor(person, "verify receipts")
    problems = results.problems(receipt)
    log.record(receipt, person.name, problems)
    return problems


def set_floor(
    gate_slices: GateSlices,
    audit: AuditLog,
    person: Person,
    name: str,
    floor: float,
    *,
    dataset: str,
    why: str,
) -> GateSlice:
    """Record what a slice must reach from now on; a floor of 0 lifts the gate.

    Raises:
        InvalidInput: If there is no reason.
    """
    require_editor(person, "make slices permanent gates")
    if not why.strip():
        raise InvalidInput(f"No reason is given for a floor on the slice {name!r}; say why.")
    audit.record(person.name, f"set a floor of {floor:.3f}", f"slice {name}", why.strip())
    return gate_slices.set_floor(name, floor, dataset=dataset, who=person.name, why=why)


def record_answer(
    log: ReviewLog, person: Person, ticket: Ticket, answer: Answer | None, value: str | None = None
) -> Review:
    """Record what a person sees in an image; the entry itself says who it was.

    Args:
        log: Takes it up.
        person: Who looked.
        ticket: The image, or the place of a picture.
        answer: What it shows; None if a value is given.
        value: What is written in a place of several digits.

    Raises:
        InvalidInput: If the value has no digit, or letters.
    """
    require_editor(person, "label images")
    at = datetime.now(UTC)
    text = value and " ".join(value.split())
    if value is not None and not is_value(text or ""):
        raise InvalidInput(
            f"{value!r} is no value; write its digits, with blanks or . , - between them if there "
            "are any."
        )
    review = Review(
        id=new_id(at),
        at=at,
        reviewer=person.name,
        key=ticket.version.key,
        etag=ticket.version.etag,
        size=ticket.version.size,
        sha256=ticket.sha256,
        answer=answer,
        value=text,
        read_as=ticket.read_as,
        model_version=ticket.model_version,
        confidence=ticket.confidence,
        audit=ticket.audit,
        read_value=ticket.read_value,
        boxes=ticket.boxes,
        cuts=() if value is None else ticket.cuts,
    )
    log.append(review)
    return review


def take_back_answer(log: ReviewLog, person: Person) -> Review:
    """Take back the last answer of this person that stands, and return that answer.

    Raises:
        InvalidInput: If none of their answers stands.
    """
    require_editor(person, "take back labels")
    own = [r for r in standing(list(log.recorded())) if r.reviewer == person.name]
    if not own:
        raise InvalidInput(f"No answer of {person.name} stands, so there is nothing to take back.")
    log.append(own[-1].withdrawal())
    return own[-1]


def record_verdict(
    log: VerdictLog, audit: AuditLog, person: Person, image: Misclassified, fault: ErrorFault | None
) -> ErrorVerdict:
    """Record whose fault a misclassified image is; None takes back what was said of it before."""
    require_editor(person, "judge errors")
    subject = f"{image.name}: label {image.label}, predicted as {image.predicted}"
    audit.record(person.name, "judge an error", subject, fault or "taken back")
    verdict = ErrorVerdict(at=datetime.now(UTC), who=person.name, fault=fault, **image.model_dump())
    log.append(verdict)
    return verdict
