"""What a labelled set lists: its files, each with a label, before any of them is looked at."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from unicodedata import normalize

from mnist.data.label_lists import digit_of, read_lines
from mnist.data.set_report import SetFinding
from mnist.digits import CLASSES, Image
from mnist.errors import InvalidDataset
from mnist.ignored_files import ignored_as
from mnist.images import Decoded, Limits, Rejection, decode
from mnist.storage.set_sources import SetSource

LIST = "labels.csv"

_DIGITS = {str(digit) for digit in range(CLASSES)}
_NAMED = 10


@dataclass(frozen=True, slots=True)
class SetEntry:
    """One image that a set lists.

    Attributes:
        file: Its path in the set, as the list or the store spells it.
        label: As written in the list, or the name of the folder.
        kind: What kind of image it is; empty if nobody said.
        writer: Who wrote it; empty if nobody said.
        use: What it is for, as written; empty if it is what the set is for.
    """

    file: str
    label: str
    kind: str = ""
    writer: str = ""
    use: str = ""


@dataclass(frozen=True, slots=True)
class DecodedEntry:
    """The file of an entry, and the digit's pixels."""

    content: bytes
    pixels: Image


def located(source: SetSource, place: str) -> tuple[SetSource, bool]:
    """Find the top of a set, which may lie in a folder of its own, as archives often have it.

    Returns:
        The source with the set at its top, and whether the set has a list.

    Raises:
        InvalidDataset: If there is no set.
    """
    folders, files = source.top()
    folders = [name for name in folders if ignored_as(f"{name}/") is None]
    files = [name for name in files if ignored_as(name) is None]
    if LIST in files:
        return source, True
    if _DIGITS & {*folders}:
        return source, False
    if len(folders) == 1 and not files:
        return located(source.inside(folders[0]), f"{place}/{folders[0]}")
    inside = ", ".join([f"{name}/" for name in folders][:_NAMED] + files[:_NAMED]) or "nothing"
    raise InvalidDataset(
        f"{place} is no labelled set: expected folders named 0 to 9 with images, or a {LIST} with "
        f"the columns file and label; there is {inside}. Of several sets, name one."
    )


def entries_of(source: SetSource, has_list: bool, place: str) -> Iterator[SetEntry]:  # noqa: FBT001 - from `located`
    """Yield what a set lists, one by one.

    Raises:
        InvalidDataset: If the list is none.
    """
    if has_list:
        for line in read_lines(_list_of(source, place), f"{place}/{LIST}"):
            yield SetEntry(line.file, line.label, line.kind, line.writer, line.use)
        return
    folders, _ = source.top()
    for folder in folders:
        if ignored_as(f"{folder}/") is None:
            for path in source.below(folder):
                if ignored_as(path) is None:
                    yield SetEntry(path, folder)


def images_of_writers(source: SetSource, has_list: bool, place: str) -> Counter[str]:  # noqa: FBT001 - from `located`
    """Count the images of each writer that a list names; none without a list."""
    if not has_list:
        return Counter()
    lines = read_lines(_list_of(source, place), f"{place}/{LIST}")
    return Counter(line.writer for line in lines if line.writer)


def decode_entry(
    source: SetSource, entry: SetEntry, limits: Limits
) -> DecodedEntry | Rejection | None:
    """Fetch and decode the file of an entry; None if there is none.

    An entry whose label is no digit is not fetched.
    """
    if digit_of(entry.label) is None:
        return None
    content = _fetch(source, entry.file)
    if not isinstance(content, bytes):
        return content
    result = decode(content, limits)
    return DecodedEntry(content, result.pixels) if isinstance(result, Decoded) else result


def missing(entry: SetEntry) -> tuple[SetFinding, str]:
    """Say what is amiss with an entry that has no file or no digit for a label."""
    if digit_of(entry.label) is None:
        return SetFinding.UNKNOWN_LABEL, repr(entry.label)
    return SetFinding.MISSING, ""


def _list_of(source: SetSource, place: str) -> bytes:
    content = source.fetch(LIST)
    if not isinstance(content, bytes):
        why = content.detail if isinstance(content, Rejection) else "it is gone"
        raise InvalidDataset(f"{place}/{LIST} cannot be read: {why}.")
    return content


def _fetch(source: SetSource, file: str) -> bytes | Rejection | None:
    """Fetch a file of a list, whose name another computer may have spelled in another way."""
    slashed = PurePosixPath(file.replace("\\", "/")).as_posix()
    if slashed in {"", "."} or slashed.startswith("/") or ".." in slashed.split("/"):
        return None  # outside the set
    for spelling in dict.fromkeys((slashed, *(normalize(f, slashed) for f in ("NFC", "NFD")))):
        if (content := source.fetch(spelling)) is not None:
            return content
    return None
