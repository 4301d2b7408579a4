"""Every number that decides how a page is cut, and the digest that names them."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache

CUTTING_VERSION = 1
"""Raised by hand whenever what is cut out of any page changes."""


@dataclass(frozen=True, slots=True)
class LayoutParameters:
    """Constants of cutting pages. Shares are of the quantity that the comment names."""

    # Pages
    longest_side: int = 4_096  # pixels; pages are divided until they are shorter

    # Lines of a grid
    search_side: int = 1400  # lines are searched at this size, in pixels
    skew_side: int = 500  # the skew is searched at this size, in pixels
    skew_most: float = 7.0  # degrees
    skew_step: float = 0.5  # degrees, refined to a tenth
    pitch_least: float = 0.2  # of the page that the grid covers, at least
    pitch_step: float = 1.06  # from one pitch that is tried to the next
    pitch_play: float = 0.045  # of the pitch, by which distances of lines may differ
    cell_least: float = 8.0  # pixels; smaller cells cannot be read
    line_reach: float = 0.22  # of a cell; so far from where it should be a line is searched
    line_least: float = 0.03  # ink of a line beyond that beside it
    line_sigmas: float = 3.0  # standard deviations of the same measure where there is no line
    support_least: float = 0.6  # share of the pieces of lines that have to be there
    support_extra: float = 0.6  # as much of a line too many says it is another form

    # Cells
    cell_side: int = 56  # pixels of a cell once the page is straightened
    cell_side_most: int = 110  # of larger cells of small grids
    sheet_pixels: float = 4e6  # of a straightened page, about, where its cells allow it
    enlarged_most: float = 1.5  # by which small cells are enlarged
    line_band: float = 0.1  # of a cell's height; so far from its place a line is taken away
    crossing: float = 0.15  # ink on both sides of a line, from which on a stroke crosses it
    noise_sigmas: float = 4.5  # standard deviations of the paper below which ink is noise
    ink_least: float = 0.05  # share of full black below which ink is noise
    ink_share: float = 0.45  # of a cell's typical ink; the edge of a stroke
    digit_least: float = 0.24  # of a cell's side; what is shorter is no digit
    part_least: float = 0.02  # of the ink of a cell; smaller pieces are specks
    owner_least: float = 0.3  # of a piece that lies in a cell; it is cut there
    rim: float = 0.12  # of a cell's side; what lies in there alone is the rest of a line

    # Templates
    template_side: int = 1400  # pages are compared with their template at this size, in pixels
    features: int = 4000  # corners that are compared
    matches_least: int = 20  # of them that have to agree
    printed_ink: float = 0.2  # from which on something is printed
    printed_least: float = 0.6  # share of the template's ink that has to be on the page

    # Digits
    drawing_scale: int = 4  # pixels per pixel of MNIST while strokes are redrawn


LAYOUT_PARAMETERS = LayoutParameters()


@cache
def cutting_digest() -> str:
    """Name the cutting by the SHA-256 of its version and constants, as 64 hex digits."""
    named = {"version": CUTTING_VERSION, **asdict(LAYOUT_PARAMETERS)}
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()
