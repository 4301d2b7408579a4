"""Pages with more than one digit: where the digits are, which value they are, how surely."""

from mnist.layouts.checks import Check, CheckResult, IsNotBelow
from mnist.layouts.cutting import cut
from mnist.layouts.expected_places import expected_boxes
from mnist.layouts.layout import Layout, PlaceContent
from mnist.layouts.resolving import doubted, resolve
from mnist.layouts.results import Cut, Mark, PageBox, PlacePrediction, Segment
from mnist.layouts.sums import summed
from mnist.layouts.values import value_cut

__all__ = [
    "Check",
    "CheckResult",
    "Cut",
    "IsNotBelow",
    "Layout",
    "Mark",
    "PageBox",
    "PlaceContent",
    "PlacePrediction",
    "Segment",
    "cut",
    "doubted",
    "expected_boxes",
    "resolve",
    "summed",
    "value_cut",
]
