"""What scoring has to be told of layouts: what they say, and what counted last in places."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from mnist.scoring.pictures import LayoutOf, no_layouts

LastValues = Callable[[str, Sequence[str]], Mapping[str, str]]
"""Tells the last values of keys: the beginning of the names of their earlier batches, and the keys.

Keys that no earlier batch holds are left out.
"""


def no_last_values(series: str, keys: Sequence[str]) -> Mapping[str, str]:
    """Know of no earlier batch, as for pictures that lie in none."""
    del series, keys
    return {}


class LayoutSource(NamedTuple):
    """What is known about layouts.

    Attributes:
        layout_of: Where they come from.
        last_values: What counted last in places whose values must not go down.
    """

    layout_of: LayoutOf
    last_values: LastValues = no_last_values


NO_LAYOUTS = LayoutSource(no_layouts)
"""Where none is expected."""
