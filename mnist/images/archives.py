"""Archives that are not read: what they are, and what to do with them."""

_SIGNATURES = (
    (0, b"PK\x03\x04", "zip"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (0, b"Rar!\x1a\x07", "RAR"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ\0", "XZ"),
    (0, b"\x28\xb5\x2f\xfd", "Zstandard"),
    (257, b"ustar", "tar"),
)
_ENDINGS = (".tar", ".gz", ".tgz", ".7z", ".rar", ".bz2", ".tbz2", ".xz", ".txz", ".zst")
_REMEDY = "only .zip is read, so pack its images as a .zip"


def archive_problem(content: bytes) -> str | None:
    """Say which archive the bytes are and what to do with it; None if they are none."""
    for start, magic, kind in _SIGNATURES:
        if content.startswith(magic, start):
            if kind == "zip":
                return "The file is a zip archive; put it into the inbox, named *.zip."
            return f"The file is packed by {kind}; {_REMEDY}."
    return None


def archive_advice(key: str) -> str:
    """Say what to do with an object that is named like an archive we do not read; else nothing."""
    return f"; of archives, {_REMEDY}" if key.lower().endswith(_ENDINGS) else ""
