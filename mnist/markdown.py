"""Markdown that several reports share."""

import re
from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|])")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table: its head, then one line per row, without a newline at the end."""
    lines = [f"| {' | '.join(map(str, cells))} |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def plain(text: str) -> str:
    """Write a text of any characters so that it stays one line and is shown as it is."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
