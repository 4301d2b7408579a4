"""Removing captured images from the inbox: those whose time is over, and one on request.

Nothing else in the inbox is ever taken away. What was made of an image stays: its row, with the
digest of its bytes and no picture, and what people said of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from mnist.captured import CapturedFolder, identifier_in, is_identifier, time_of
from mnist.errors import InvalidInput, InvalidLayout
from mnist.keys import TEMPLATE_FILE, beside_layout, layout_key
from mnist.layouts import Layout
from mnist.parts import Parts


@dataclass(frozen=True, slots=True)
class Removal:
    """What was removed because its time was over.

    Attributes:
        folders: How many folders of captured images were old enough.
        images: How many images were removed from them.
        others: Keys in them that the API has not written; they stay.
    """

    folders: int
    images: int
    others: tuple[str, ...]


class Removing:
    """Removes captured images, of which the settings say how long they are kept."""

    def __init__(self, parts: Parts) -> None:
        self._inbox = parts.bucket(parts.settings.inbox_bucket)
        self._audit = parts.audit
        self._kept = timedelta(days=parts.settings.api_capture_days)

    def remove_old(self, now: datetime) -> Removal:
        """Remove every captured image that was sent longer ago than they are kept.

        Folders go as a whole, an hour after the first of their images at the latest.

        Args:
            now: The time, UTC.

        Raises:
            Unavailable: If the store does not answer; what is left is removed the next time.
        """
        folders = images = 0
        others: list[str] = []
        for batch, folder in self._folders():
            if folder.ends + self._kept > now:
                continue
            folders += 1
            removed, foreign = self._empty(batch)
            images += removed
            others += foreign
        return Removal(folders, images, tuple(others))

    def remove_one(self, identifier: str, who: str, why: str) -> str:
        """Remove one captured image, and record who wanted it and why.

        Args:
            identifier: Of the answer that was given for it.
            who: Who answers for it.
            why: Their reason.

        Returns:
            The key that it had.

        Raises:
            InvalidInput: If name or reason are missing, or there is no such image.
            Unavailable: If the store does not answer.
        """
        if not (who.strip() and why.strip()):
            raise InvalidInput("Say who wants the image removed, and why; both are recorded.")
        if not is_identifier(identifier):
            raise InvalidInput(
                f"{identifier!r} names no captured image; expected the `id` of an answer of the "
                "API, such as 01a21d8f-d9db-7265-9076-f05eca6c7a39."
            )
        sent = time_of(identifier)
        for batch, folder in self._folders():
            if not folder.begins <= sent < folder.ends:
                continue
            for key in self._keys(batch):
                if identifier_in(key) == identifier:
                    self._audit.record(who.strip(), "remove a captured image", key, why.strip())
                    self._inbox.delete(key)
                    return key
        raise InvalidInput(
            f"No captured image {identifier} lies in bucket {self._inbox.name!r}: it was never "
            "kept, or is removed already."
        )

    def _folders(self) -> Iterator[tuple[str, CapturedFolder]]:
        for name in self._inbox.folders()[0]:
            folder = CapturedFolder.of(name)
            if folder is not None:
                yield name, folder

    def _keys(self, batch: str) -> list[str]:
        pages = self._inbox.versions(f"{batch}/")
        return [version.key for page in pages for version in page]

    def _empty(self, batch: str) -> tuple[int, list[str]]:
        """Remove the images of a folder, and then what says how they are cut.

        Returns:
            How many images it were, and the keys of what is not ours.
        """
        keys = self._keys(batch)
        images = [key for key in keys if identifier_in(key) is not None]
        of_layout = self._of_layout(batch) if layout_key(batch) in keys else []
        others = [key for key in keys if key not in {*images, *of_layout}]
        for key in [*images, *(() if others else of_layout)]:
            self._inbox.delete(key)
        return len(images), others

    def _of_layout(self, batch: str) -> list[str]:
        """Name the template of a folder and its layout, which says which one that is."""
        key = layout_key(batch)
        try:
            template = Layout.parse(self._inbox.fetch(key)).template
        except InvalidLayout:
            template = None
        return [beside_layout(batch, template or TEMPLATE_FILE), key]
