"""One kind of file that people or attackers drop, and what must become of it."""

from collections.abc import Callable
from typing import NamedTuple

from mnist.digits import Reason


class Case(NamedTuple):
    """One kind of file.

    Attributes:
        name: What is odd about it.
        make: Makes the bytes.
        reasons: Any of these is right; empty if the seven in it must be read.
    """

    name: str
    make: Callable[[], bytes]
    reasons: tuple[Reason, ...]
