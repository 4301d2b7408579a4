"""Every odd, damaged or hostile kind of file, and what must become of it at every door.

`CASES` is the table: a name, a way to make the bytes, and the reasons that are right; none if the
image must be decoded. Everything is made from fixed seeds; nothing is read from disk.
"""

from tests.readable_files import READABLE
from tests.rejected_files import REJECTED

CASES = [*REJECTED, *READABLE]


def table() -> str:
    """Write the table of docs/images-measured.md."""
    lines = ["| file | outcome | reason |", "|---|---|---|"]
    for case in CASES:
        outcome = "rejected" if case.reasons else "decoded"
        lines.append(f"| {case.name} | {outcome} | {' or '.join(case.reasons)} |")
    return "\n".join(lines)
