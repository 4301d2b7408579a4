"""Saved views: names that people gave to addresses of pages, in a numbered log of the labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import parse_qs

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from mnist.errors import InvalidInput
from mnist.keys import VIEWS
from mnist.reviews.review import Reviewer
from mnist.storage.bucket import Bucket
from mnist.storage.object_log import NumberedLog

LONGEST_NAME = 80
_LONGEST_QUERY = 4_000

ViewName = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]
PageName = Annotated[str, StringConstraints(pattern=r"^[a-z-]{1,40}$")]


class SavedView(BaseModel, frozen=True, extra="forbid"):
    """One person's word on a name. Entries are appended and never changed.

    Attributes:
        sequence: Number of the entry, from 1.
        at: When it was written.
        who: Who wrote it.
        name: For people; capitals do not tell two names apart.
        page: Name of the page, as its address has it.
        query: What stands in its address behind the question mark.
        is_removed: Whether the name no longer counts.
    """

    sequence: int = Field(ge=1)
    at: AwareDatetime
    who: Reviewer
    name: ViewName
    page: PageName
    query: Annotated[str, StringConstraints(max_length=_LONGEST_QUERY)] = ""
    is_removed: bool = False

    @property
    def parameters(self) -> dict[str, list[str]]:
        """What stands in the address: name -> values."""
        return parse_qs(self.query)


class SavedViews:
    """The folder `views/` of the labels bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self.log = NumberedLog(bucket, VIEWS, SavedView)

    def standing(self) -> list[SavedView]:
        """Return the views that count, by name."""
        return list(standing_views(self.log.entries()).values())

    def save(self, name: str, page: str, query: str, who: str) -> SavedView:
        """Give an address a name.

        Raises:
            InvalidInput: If the name is empty, too long or taken, or the address is too long.
        """
        text = checked_name(name)
        if len(query) > _LONGEST_QUERY:
            raise InvalidInput(
                f"The address of this page has {len(query):,} characters; at most "
                f"{_LONGEST_QUERY:,} are kept. Take filters away."
            )

        def entry(number: int, entries: Sequence[SavedView]) -> SavedView:
            held = standing_views(entries).get(text.casefold())
            if held is not None:
                raise InvalidInput(
                    f"There is a view {held.name!r} already, saved by {held.who} on "
                    f"{held.at:%Y-%m-%d}; choose another name, or remove that one first."
                )
            at = datetime.now(UTC)
            return SavedView(sequence=number, at=at, who=who, name=text, page=page, query=query)

        return self.log.append(entry)

    def remove(self, name: str, who: str) -> SavedView:
        """Take a name away; the page itself stays what it is.

        Raises:
            InvalidInput: If there is no such view.
        """

        def entry(number: int, entries: Sequence[SavedView]) -> SavedView:
            held = standing_views(entries).get(name.casefold())
            if held is None:
                raise InvalidInput(f"There is no view {name!r} any more; look again.")
            values = {"sequence": number, "at": datetime.now(UTC), "who": who, "is_removed": True}
            return held.model_copy(update=values)

        return self.log.append(entry)


def standing_views(entries: Iterable[SavedView]) -> dict[str, SavedView]:
    """Return the views that count: name without capitals -> the last word on it, by name."""
    last = {
        entry.name.casefold(): entry for entry in sorted(entries, key=lambda entry: entry.sequence)
    }
    return {name: entry for name, entry in sorted(last.items()) if not entry.is_removed}


def checked_name(name: str) -> str:
    """Return a name without further blanks.

    Raises:
        InvalidInput: If it is empty, too long, or has characters that cannot be seen.
    """
    text = " ".join(name.split())
    if not text:
        raise InvalidInput("The view has no name; give it one that others understand.")
    if len(text) > LONGEST_NAME or not text.isprintable():
        raise InvalidInput(
            f"{text[:LONGEST_NAME]!r} ({len(text):,} characters) is no name for a view: it has at "
            f"most {LONGEST_NAME} characters, all of which can be seen."
        )
    return text
