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
    line_gap: float = 0.15  # of a cell; strokes of neighbouring cells are as far apart
    line_strong: float = 0.15  # ink of a line, at most; strokes are not to outweigh faint lines
    line_faint: float = 0.06  # ink of a faint line; more does not count for more
    line_samples: int = 16  # places along a piece of a line that are looked at
    line_least: float = 0.02  # ink of a line beyond that beside it
    line_sigmas: float = 4.0  # standard deviations of noise that a line is above
    line_play: float = 2.5  # times as dark as usual, or as light, a piece of a line may be
    line_share: float = 0.2  # of a line; with less of it a line is missing
    support_least: float = 0.6  # share of the pieces of lines that have to be there
    boxes_least: float = 0.75  # the same, of the boxes of a field that may have none
    counted_boxes_least: float = 0.8  # the same, where nobody says how many boxes there are
    boxes_sure: float = 0.9  # the same; those that have more are cut, others are for a person
    written_share: float = 0.35  # of the darkest pixel's difference to paper
    faint_share: float = 0.18  # the same, of printed lines
    lined_share: float = 0.6  # of the width; a long line along the edge of a field
    box_sides: tuple[float, float] = (0.5, 1.6)  # widths of a box, for its height
    boxes_most: int = 12  # of a field whose number of digits is not declared
    extra_share: float = 0.2  # of a piece of a line too many that may be missing
    support_extra: float = 0.75  # as much of lines too many says it is another form

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
    part_near: float = 0.15  # of the size of what is written; farther off, small pieces are specks
    part_large: float = 0.2  # of its ink; larger pieces are part of it wherever they lie
    end_most: float = 0.04  # of a cell's area; more ink over the line is no end of a stroke
    owner_least: float = 0.3  # of a piece that lies in a cell; it is cut there
    rim: float = 0.12  # of a cell's side; what lies in there alone is the rest of a line

    # Templates
    template_side: int = 1400  # pages are compared with their template at this size, in pixels
    features: int = 4000  # corners that are compared
    matches_least: int = 20  # of them that have to agree
    printed_ink: float = 0.2  # from which on something is printed
    outside_most: float = 0.02  # share of a field that may lie over the edge of the page
    printed_least: float = 0.6  # share of the template's ink that has to be on the page

    # Lines of writing
    contrast_least: int = 12  # grey levels; a field that spans fewer is empty
    row_height: float = 56.0  # pixels of a digit once a line is scaled
    small_side: int = 130  # pixels; smaller pictures are enlarged
    row_least: int = 6  # pixels; what is shorter is no digit
    row_share: float = 0.6  # of the tallest piece; others as tall are digits of the row
    speck: float = 0.004  # of the square of the row; smaller pieces are specks

    # Cuts
    slant_most: float = 0.7  # columns for each row
    slant_step: float = 0.05
    seam_turns: tuple[float, ...] = (0.05, 0.5)  # pixels of ink that a step to the side costs
    seam_rows: tuple[float, ...] = (0.25, 0.75)  # of the height; a cut through each place there
    seam_cost: float = 3.5  # widths of the pen that a cut may cross
    seam_valley: int = 2  # columns on both sides of a cut in which none is cheaper
    seam_ink: float = 0.006  # of the square of the row; as much ink lies beside a cut
    seam_distance: float = 0.03  # the same, between cuts through ink
    pieces_most: int = 8  # pieces between cuts that may be one digit
    segment_least: float = 0.35  # of the row; what is less tall is no digit
    segment_widest: float = 1.35  # of the row; what is wider is not one digit
    blank_least: float = 0.75  # of the row; as wide a gap is a blank
    values_apart: float = 1.5  # of the row; as wide a gap lies between two values
    values_tall: float = 0.6  # of the row; as tall is each of two lines of writing
    beam: int = 12  # values that are kept at each boundary, for each number of digits
    line_values: int = 8  # values of the lattice that the line network is asked about
    pieces_total: int = 160  # pieces of one value; more are a drawing, noise or a text
    line_widest: float = 60.0  # of the row; what is wider is no value
    accept_confidence: float = 0.99  # probability that a value is right, for it to be accepted
    page_least: int = 8  # places with digits, for a page to be doubted as a whole
    page_unlike: float = 0.2  # of them that are unlike digits; upright pages have a fiftieth
    blot_most: float = 1.0  # of row times pen; with more ink a piece is part of a digit

    # Digits
    drawing_scale: int = 4  # pixels per pixel of MNIST while strokes are redrawn


LAYOUT_PARAMETERS = LayoutParameters()


@cache
def cutting_digest() -> str:
    """Name the cutting by the SHA-256 of its version and constants, as 64 hex digits."""
    named = {"version": CUTTING_VERSION, **asdict(LAYOUT_PARAMETERS)}
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()
