"""What people write on images, and the names they give to pages. As `actions` says of its own."""

from collections.abc import Sequence
from datetime import UTC, datetime

from dashboard.access.people import Person, require_editor
from mnist.errors import InvalidInput
from mnist.reviews.annotation import LONGEST_NOTE, MOST_IMAGES, Annotation, tags_of
from mnist.reviews.content import ImageContent
from mnist.storage.annotations import AnnotationLog
from mnist.storage.audit import AuditLog
from mnist.storage.saved_views import SavedView, SavedViews, checked_name


def annotate(
    log: AnnotationLog,
    audit: AuditLog,
    person: Person,
    images: Sequence[ImageContent],
    *,
    note: str = "",
    tags: Sequence[str] = (),
    removed: Sequence[str] = (),
) -> Annotation:
    """Write a note or tags on images, or take tags off them.

    Args:
        log: Takes it up.
        audit: Takes up who wrote it.
        person: Who writes.
        images: What it is about.
        note: A text.
        tags: Given to each image, as they were typed.
        removed: Taken off each image.

    Raises:
        InvalidInput: If there is no image or too many, nothing is written, or too much.
    """
    require_editor(person, "write notes and tags")
    if not 0 < len(images) <= MOST_IMAGES:
        raise InvalidInput(
            f"A note or tags are for 1 to {MOST_IMAGES} images, and these are {len(images):,}; "
            "choose others."
        )
    text = note.strip()
    if len(text) > LONGEST_NOTE:
        raise InvalidInput(
            f"The note has {len(text):,} characters; at most {LONGEST_NOTE:,} are kept. Shorten it."
        )
    added, dropped = tags_of(tags), tags_of(removed)
    if both := sorted({*added} & {*dropped}):
        raise InvalidInput(f"The tag {both[0]!r} is to be given and taken off; choose one.")
    if not (text or added or dropped):
        raise InvalidInput("There is neither a note nor a tag; write one.")
    first = images[0].name
    subject = first if len(images) == 1 else f"{len(images):,} images, the first {first}"
    words = [*(f"+{tag}" for tag in added), *(f"-{tag}" for tag in dropped), text]
    audit.record(person.name, "write a note or tags", subject, " ".join(filter(None, words)))
    entry = Annotation(
        at=datetime.now(UTC),
        who=person.name,
        images=tuple(images),
        note=text,
        tags=added,
        removed=dropped,
    )
    log.append(entry)
    return entry


def take_back_note(
    log: AnnotationLog, audit: AuditLog, person: Person, key: str, entry: Annotation
) -> None:
    """Have the note of an entry count no more, on all its images; its tags stay.

    Args:
        log: Takes it up.
        audit: Takes up who took it back.
        person: Who takes it back.
        key: Of the entry.
        entry: As it was written.
    """
    require_editor(person, "take back notes")
    audit.record(person.name, "take back a note", entry.images[0].name, entry.note)
    now = datetime.now(UTC)
    log.append(Annotation(at=now, who=person.name, images=entry.images, takes_back=key))


def save_view(
    views: SavedViews, audit: AuditLog, person: Person, name: str, *, page: str, query: str
) -> SavedView:
    """Give the address of a page a name that everybody finds it by.

    Raises:
        InvalidInput: If the name is empty, too long or taken, or the address is too long.
    """
    require_editor(person, "save views")
    audit.record(person.name, "save a view", checked_name(name), f"{page}?{query}"[:500])
    return views.save(name, page, query, person.name)


def remove_view(views: SavedViews, audit: AuditLog, person: Person, name: str) -> SavedView:
    """Take the name of a view away.

    Raises:
        InvalidInput: If there is none.
    """
    require_editor(person, "remove views")
    audit.record(person.name, "remove a view", name, "")
    return views.remove(name, person.name)
