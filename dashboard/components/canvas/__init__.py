"""A sheet of paper to draw on, or to paste a picture onto."""

import base64
import binascii
from collections.abc import Callable

from dashboard.components.browser import browser_component, draw_again

_PREFIX = "base64,"


def canvas(key: str, on_change: Callable[[], None] = draw_again) -> bytes | None:
    """Show the sheet.

    Args:
        key: Of the component.
        on_change: Is called when something was drawn, pasted or wiped away.

    Returns:
        The drawing as a PNG file, or the picture that was pasted, whichever came last; None from
        an empty sheet. They come from a browser: trust them no more than any upload.
    """
    return content_of(browser_component("canvas")(key=key, on_picture_change=on_change).picture)


def content_of(data_url: str | None) -> bytes | None:
    """Take the bytes out of what a browser calls a data URL; None if there are none."""
    if not isinstance(data_url, str) or _PREFIX not in data_url:
        return None
    try:
        return base64.b64decode(data_url.partition(_PREFIX)[2], validate=True)
    except binascii.Error:
        return None
