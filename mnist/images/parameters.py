"""Every number that decides how pixels become a digit, and the digest that names them."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache

PREPROCESSING_VERSION = 4
"""Raised by hand whenever decoded pixels change for any image; a golden test insists on it."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Constants of the preprocessing. Shares are of the quantity that the comment names."""

    # Size and depth
    working_side: int = 1000  # images are divided by as many times as this they are long, in pixels
    cleaning_side: int = 320  # what is not the digit is found at this size, in pixels
    least_zoom: float = 1.05  # to the size of strokes; for less the pixels are not read again
    least_contrast: int = 12  # grey levels; an image that spans fewer is blank
    colour_gain: float = 2.0  # a colour channel replaces luminance if it shows this much more

    # What passes untouched
    native_ground: int = 16  # brightest grey level of the ground
    native_ink: int = 64  # grey level from which on a pixel belongs to a piece of ink
    native_brightest: int = 192  # grey level that some of the ink reaches
    native_off_centre: float = 0.75  # pixels; farther off, an image is placed again
    native_pen: int = 64  # grey level that four pixels in a square reach, or the pen is too thin

    # Sheet
    sheet_least_side: int = 32  # smaller images are not searched, in pixels
    sheet_side: int = 256  # the sheet is searched at this size, in pixels
    sheet_least_share: float = 0.1  # of the picture; smaller regions are no sheets
    sheet_rectangularity: float = 0.88  # of its rectangle that a sheet fills
    sheet_solidity: float = 0.7  # of its outline that is not ink
    sheet_content: float = 0.15  # of the sheet's side; what it encloses is at least as large
    sheet_contrast: float = 0.6  # of what lies around a sheet that has the other grey
    sheet_step: float = 0.5  # of the difference of both greys that its edge shows
    box_least_share: float = 0.25  # of the picture; smaller boxes are squares of the paper
    panel_share: float = 0.5  # of the largest sheet; others as large may hold a digit too
    panel_overlap: float = 0.2  # of such a one; what overlaps more is part of the same sheet
    sheet_trim: float = 2.0  # pixels at that size, lost at the edges to blur and box lines

    # Ground
    even_separability: float = 0.85  # Otsu's measure; below it the light is uneven
    frame_margin: float = 0.08  # of the shorter side; so far inside the frame is looked at
    frame_depths: int = 5  # lines along each side that are looked at
    shadow_run: float = 0.35  # of the frame; a longer run of one class is a shadow, not a stroke
    ground_side: int = 128  # the sheet is estimated at this size, in pixels
    surface_side: int = 32  # and its slow gradient at this one
    closing_share: float = 0.3  # of the longer side; wider strokes would count as sheet

    # Shadows
    short_shadow_run: float = 0.1  # of the frame; as long a run that is lighter than ink is one
    stroke_share: float = 0.14  # of the longer side; what is wider is a shadow or a wide stroke
    shadow_depth: float = 0.12  # of the light that a shadow takes, at least
    shadow_lightness: float = 0.08  # of the light of the paper; ink is darker by as much

    # Ink
    sharp_side: int = 100  # smaller images are not smoothed, in pixels
    noise_side: int = 100  # rows and columns that noise is measured in, about
    noise_sigmas: float = 4.0  # standard deviations of the ground below which ink is noise
    least_ink: float = 0.04  # share of full black below which ink is noise
    ink_share: float = 0.45  # of the typical ink; the edge of a stroke in uneven light
    ink_share_even: float = 0.3  # the same where the ground is even, so that faint parts stay

    # Ruled paper
    ruling_least_side: int = 64  # smaller images are not searched, in pixels
    ruling_side: int = 256  # lines are searched at this size, in pixels
    ruling_votes: float = 0.75  # of the width; so much of a line lies on a straight row of pixels
    ruling_apart: float = 6.0  # pixels at that size, both ends together; nearer lines are the same
    ruling_most: int = 60  # lines that are looked at
    ruling_span: float = 0.85  # of the width or height that a line must cross
    ruling_slope: float = 0.1  # steeper lines are strokes
    ruling_thickness: float = 0.04  # of the height; thicker lines are strokes
    ruling_edge: float = 0.02  # of the width; a line that ends so near to an edge reaches it
    ruling_to_pen: float = 0.7  # of the width of the other strokes; wider lines are strokes
    ruling_rows: int = 3  # so many lines in rows are printed, whatever their width

    # Pieces of ink
    least_piece: int = 5  # pixels; a picture whose main piece is shorter shows no digit
    least_piece_share: float = 0.02  # the same, of the picture's longer side
    candidate_pieces: int = 40  # largest pieces that are looked at
    clipped: float = 0.4  # frame pixels per pixel of length; from here a piece is clipped
    part_area: float = 0.02  # of the main piece; smaller pieces are specks
    part_distance: float = 0.2  # of the main piece's size; farther pieces are not its parts
    part_strength: float = 0.7  # of the main piece's ink; fainter pieces are not its parts
    rival_area: float = 0.3  # of the main piece; larger pieces left out are rivals
    rival_height: float = 0.6  # of the main piece; others as tall may be digits
    rival_line: float = 0.2  # of the taller piece; feet farther apart are strokes of one digit
    rival_near_frame: float = 0.9  # of a piece in the margin; from here it is no digit

    # Several digits
    row_height: float = 0.6  # of the tallest piece; shorter ones are no digits of the same row
    row_overlap: float = 0.5  # of a piece's height that lies beside the tallest
    row_thinnest: float = 0.15  # of its height; thinner pieces may be lines of a form
    row_overhang: float = 0.2  # of a piece's width over which another one may reach
    row_wide: float = 1.8  # width by height, from where a piece is several digits that touch
    row_slice: float = 0.7  # width by height of one of them
    row_most_ink: float = 0.7  # of their box; with more it is a dash

    # Doubts, each rarer than 1 in 200 on MNIST
    native_pieces: int = 5  # more pieces are noise
    cut_off_room: float = 0.1  # of the digit's size; room on the side opposite to a cut
    crossing_strength: float = 0.7  # of the typical ink; weaker at the frame, a stroke ends there
    crossing_least: float = 0.6  # of the pen; a shorter run at the frame is the end of a stroke
    crossing_most: float = 3.0  # of the pen; a longer run is a stroke along the frame
    crossing_taper: float = 1.3  # of that run; wider half a pen farther in, it ends at the frame
    faint_part: float = 0.5  # of the strength that is ink; weaker ink is not looked for
    faint_part_area: float = 0.1  # of the digit; less of weaker ink is its rim
    low_contrast: float = 0.15  # of full black
    faint_sigmas: float = 8.0  # standard deviations of the ground
    noisy_specks: int = 30  # more specks are noise
    widest_aspect: float = 1.8  # width by height; wider is no digit
    widest_stroke: float = 7.0  # MNIST pixels; wider is a blob
    most_holes: int = 3  # more is a drawing

    # MNIST's format (LeCun et al. 1998) and strokes: median 2.7, 5th-95th percentile 1.9-4.2
    box_side: int = 20  # the digit is scaled into a square of this side
    drawing_scale: int = 8  # pixels per pixel of MNIST while strokes are redrawn
    smoothing: float = 0.3  # standard deviation of the smoothing of outlines, MNIST pixels
    stroke_width_least: float = 2.3  # thinner strokes are widened to this, MNIST pixels
    stroke_width_most: float = 3.4  # wider strokes are thinned to this, MNIST pixels


PARAMETERS = Parameters()


@cache
def preprocessing_digest() -> str:
    """Name the preprocessing by the SHA-256 of its version and constants, as 64 hex digits."""
    named = {"version": PREPROCESSING_VERSION, **asdict(PARAMETERS)}
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()
