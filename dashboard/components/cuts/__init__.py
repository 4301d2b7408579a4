"""The picture of a value with its cuts, which a person moves, adds and takes away."""

import base64
from collections.abc import Sequence

from dashboard.components.browser import browser_component, draw_again

MOST_CUTS = 60


def cuts(png: bytes, shares: Sequence[float], label: str, key: str) -> list[float]:
    """Draw the picture.

    Args:
        png: The picture, a PNG file.
        shares: Where it is cut at first, as shares of its width.
        label: What is cut, for those who do not see it.
        key: Another one for each picture.

    Returns:
        Where it is cut now, ascending. It comes from a browser and is checked.
    """
    result = browser_component("cuts")(
        data={
            "png": base64.b64encode(png).decode(),
            "cuts": list(shares),
            "label": label,
            "name": key,
        },
        key=key,
        on_cuts_change=draw_again,
    )
    return checked_cuts(result.cuts, shares)


def checked_cuts(sent: object, shares: Sequence[float]) -> list[float]:
    """Take what a browser sent for cuts, or the first ones if it is nothing like them."""
    if not isinstance(sent, list) or len(sent) > MOST_CUTS:
        return list(shares)
    numbers = [float(one) for one in sent if isinstance(one, int | float) and 0 <= one <= 1]
    return sorted(numbers) if len(numbers) == len(sent) else list(shares)
