"""What marks a table can be read on both grounds."""

import pytest

from dashboard.components.tables import alarm_style

LIGHT, DARK = "#ffffff", "#262730"
"""Streamlit's grounds: the lightest one, and the lightest dark one, of a table's head."""


def luminance(colour: str) -> float:
    """Compute the relative luminance of a colour (WCAG 2.2)."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(("dark", "ground"), [(False, LIGHT), (True, DARK)])
def test_what_went_wrong_has_the_contrast_of_text(dark, ground):
    """A table is one canvas, into which axe-core does not see."""
    text = alarm_style(dark=dark).partition("#")[2][:6]
    dim, bright = sorted([luminance(f"#{text}"), luminance(ground)])
    assert (bright + 0.05) / (dim + 0.05) > 4.5
