"""Draw the example form, and two filled ones: `python examples/make_form.py [FOLDER]`.

The digits are those of `make_examples.py`. The filled forms are as a scanner gives them: a little
turned, a little grey. `values.csv` says what is written where.
"""

import argparse
import csv
import json
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from make_examples import pen
from numpy.typing import NDArray

Page = NDArray[np.uint8]

WIDTH, HEIGHT = 1240, 874  # A6 at 210 dots per inch, lying
TITLE_HEIGHT = 120
LINE, PAPER, INK = 120, 255, 40
FORM_FOLDER = "form"
_INSET = 8
"""Pixels by which what is cut out lies inside the printed frame."""


class Field(NamedTuple):
    """A printed frame to write in: its name, its corner, and how many digits fit in."""

    name: str
    left: int
    top: int
    digits: int
    check: str | dict[str, list[float]] | None = None

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of its frame, pixels."""
        return self.left, self.top, self.left + 78 * self.digits + 40, self.top + 110


FIELDS = (
    Field("postcode", 90, 220, 5),
    Field("card", 90, 420, 8, "luhn"),
    Field("meter", 90, 620, 6),
    Field("copies", 860, 220, 2, {"range": [1, 20]}),
)

FILLED = {
    "filled-1.jpg": {"postcode": "01482", "card": "79927398", "meter": "004519", "copies": "12"},
    "filled-2.jpg": {"postcode": "53117", "card": "40128888", "meter": "", "copies": "07"},
}
"""File -> what is written in each field. The second card has a wrong check digit, and no meter."""


def layout() -> dict[str, dict[str, object]]:
    """Say where the fields are, as fractions of the page, and what may be written there."""
    fields = {}
    for field in FIELDS:
        left, top, right, bottom = field.box
        inside = left + _INSET, top + _INSET, right - _INSET, bottom - _INSET
        box = [edge / side for edge, side in zip(inside, (WIDTH, HEIGHT) * 2, strict=True)]
        says: dict[str, object] = {"box": [round(edge, 4) for edge in box], "digits": field.digits}
        fields[field.name] = says | ({"check": field.check} if field.check else {})
    return fields


def empty_form() -> Page:
    """Draw the form as it is printed."""
    page = np.full((HEIGHT, WIDTH), PAPER, np.uint8)
    cv2.putText(page, "METER CARD", (90, TITLE_HEIGHT), cv2.FONT_HERSHEY_DUPLEX, 2, LINE, 3)
    for field in FIELDS:
        left, top, right, bottom = field.box
        cv2.rectangle(page, (left, top), (right, bottom), LINE, 2)
        cv2.putText(page, field.name, (left, top - 12), cv2.FONT_HERSHEY_SIMPLEX, 1, LINE, 2)
    return page


def filled_form(values: dict[str, str], seed: int) -> Page:
    """Write values into the form, and scan it."""
    page = empty_form().astype(np.float32)
    for field in FIELDS:
        left, top, _, bottom = field.box
        for place, digit in enumerate(values[field.name]):
            start = left + 20 + 78 * place
            cover = pen(int(digit), (bottom - top, 78), 68, 6, 0.1, seed + 10 * place)
            part = page[top:bottom, start : start + 78]
            part[:] = part * (1 - cover) + INK * cover
    return scanned(page, seed)


def scanned(page: NDArray[np.float32], seed: int) -> Page:
    """Turn a page by less than a degree, and add a scanner's grain."""
    generator = np.random.default_rng(seed)
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), generator.uniform(-0.8, 0.8), 1)
    turned = cv2.warpAffine(page, turn, (WIDTH, HEIGHT), borderValue=PAPER)
    grained = turned - 8 + generator.normal(0, 2, turned.shape)
    return np.asarray(np.clip(grained, 0, 255), np.uint8)


def main() -> None:
    """Draw everything into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    folder = parser.parse_args().folder / FORM_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(f'  "{name}": {json.dumps(says)}' for name, says in layout().items())
    (folder / "_LAYOUT.json").write_text(f'{{"fields": {{\n{lines}\n}}}}\n')
    cv2.imwrite(str(folder / "_TEMPLATE.png"), empty_form())
    with (folder / "values.csv").open("w", newline="") as listed:
        table = csv.writer(listed, lineterminator="\n")
        table.writerow(["file", *(field.name for field in FIELDS)])
        for seed, (file, values) in enumerate(FILLED.items()):
            quality = (cv2.IMWRITE_JPEG_QUALITY, 80)
            cv2.imwrite(str(folder / file), filled_form(values, seed), quality)
            table.writerow([file, *values.values()])


if __name__ == "__main__":
    main()
