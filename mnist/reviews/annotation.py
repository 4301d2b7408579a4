"""Notes and tags: what people write on images, so that they and others find them again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator

from mnist.errors import InvalidInput
from mnist.reviews.content import ImageContent
from mnist.reviews.review import Reviewer

MOST_IMAGES = 500
"""Images that one entry may be about."""

LONGEST_NOTE = 2_000
LONGEST_TAG = 40
"""Both in characters."""

_MOST_TAGS = 20

Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_NOTE)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TAG)]


class Annotation(BaseModel, frozen=True, extra="forbid"):
    """What one person wrote on one image or several. Entries are appended and never changed.

    Attributes:
        at: When it was written.
        who: Who wrote it.
        images: What it is about.
        note: A text; empty if there is none.
        tags: Given to each of the images.
        removed: Tags that none of the images is to have any more.
        takes_back: Key of an entry whose note no longer counts.
    """

    at: AwareDatetime
    who: Reviewer
    images: Annotated[tuple[ImageContent, ...], Field(min_length=1, max_length=MOST_IMAGES)]
    note: Note = ""
    tags: Annotated[tuple[Tag, ...], Field(max_length=_MOST_TAGS)] = ()
    removed: Annotated[tuple[Tag, ...], Field(max_length=_MOST_TAGS)] = ()
    takes_back: str = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.note or self.tags or self.removed or self.takes_back):
            raise ValueError("an annotation has a note or tags")
        return self


@dataclass(frozen=True)
class ImageAnnotations:
    """What counts of all that was written on one image.

    Attributes:
        image: As the last entry names it.
        tags: In alphabetical order.
        notes: Key of the entry -> entry, the oldest first.
    """

    image: ImageContent
    tags: tuple[str, ...]
    notes: Mapping[str, Annotation]

    @property
    def text(self) -> str:
        """All notes as one text."""
        return " | ".join(f"{entry.note} ({entry.who})" for entry in self.notes.values())


def tags_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Make tags of what people typed: commas part them, capitals and further blanks do not count.

    Raises:
        InvalidInput: If one is too long, has characters that cannot be seen, or there are too many.
    """
    parts = (" ".join(part.split()).lower() for text in texts for part in text.split(","))
    tags = tuple(dict.fromkeys(part for part in parts if part))
    for tag in tags:
        if len(tag) > LONGEST_TAG or not tag.isprintable():
            raise InvalidInput(
                f"{tag[:LONGEST_TAG]!r} ({len(tag):,} characters) is no tag: it has at most "
                f"{LONGEST_TAG} characters, all of which can be seen; write the rest as a note."
            )
    if len(tags) > _MOST_TAGS:
        raise InvalidInput(f"{len(tags):,} tags are given at once; give at most {_MOST_TAGS}.")
    return tags


def standing_annotations(entries: Mapping[str, Annotation]) -> dict[str, ImageAnnotations]:
    """Return what counts on each image, whoever wrote it.

    Args:
        entries: Key -> entry, all of them.

    Returns:
        Digest of the content -> what is written on it; an image that nothing is left on is missing.
    """
    ordered = sorted(entries.items(), key=lambda item: (item[1].at, item[0]))
    taken_back = {entry.takes_back for _, entry in ordered}
    images: dict[str, ImageContent] = {}
    tags: dict[str, set[str]] = {}
    notes: dict[str, dict[str, Annotation]] = {}
    for key, entry in ordered:
        for image in entry.images:
            images[image.sha256] = image
            held = tags.setdefault(image.sha256, set())
            held.difference_update(entry.removed)
            held.update(entry.tags)
            if entry.note and key not in taken_back:
                notes.setdefault(image.sha256, {})[key] = entry
    return {
        sha256: ImageAnnotations(image, tuple(sorted(tags[sha256])), notes.get(sha256, {}))
        for sha256, image in images.items()
        if tags[sha256] or sha256 in notes
    }
