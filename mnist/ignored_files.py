"""Files that computers add to folders by themselves: no images, and nobody put them there."""

from collections import Counter

_FOLDERS = (
    "__MACOSX",
    ".AppleDouble",
    ".DocumentRevisions-V100",
    ".fseventsd",
    ".Spotlight-V100",
    ".TemporaryItems",
    ".Trashes",
    "$RECYCLE.BIN",
    "System Volume Information",
    "@eaDir",
    "lost+found",
)
_FILES = (
    ".DS_Store",
    ".VolumeIcon.icns",
    ".apdisk",
    ".directory",
    ".localized",
    "Thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
)
_IGNORED_FOLDERS = {name.lower(): f"{name}/" for name in _FOLDERS}
_IGNORED_FILES = {name.lower(): name for name in _FILES}
_STARTS = ("._", "~$")
"""Twins that macOS makes of every file it copies; locks of files that Office has open."""

Ignored = Counter[str]
"""How many files were left out, by what they are: `._*`, `.DS_Store`, `__MACOSX/`."""


def ignored_as(path: str) -> str | None:
    """Say what a file is that no person put there; None if it may be an image.

    Args:
        path: Of the file, folders separated by slashes; the names of these may tell it, too.
    """
    *folders, name = path.split("/")
    for folder in folders:
        if folder.lower() in _IGNORED_FOLDERS:
            return _IGNORED_FOLDERS[folder.lower()]
    return f"{name[:2]}*" if name.startswith(_STARTS) else _IGNORED_FILES.get(name.lower())
