"""A sheet of paper to draw on, or to paste a picture onto."""

import base64
import binascii

from dashboard.components.browser import browser_component, draw_again

_PREFIX = "base64,"


def canvas(key: str) -> bytes | None:
    """Show the sheet.

    Returns:
        The drawing as a PNG file, or the picture that was pasted, whichever came last; None from
        an empty sheet. They come from a browser: trust them no more than any upload.
    """
    return content_of(browser_component("canvas")(key=key, on_picture_change=draw_again).picture)


def content_of(data_url: str | None) -> bytes | None:
    """Take the bytes out of what a browser calls a data URL; None if there are none."""
    if not isinstance(data_url, str) or _PREFIX not in data_url:
        return None
    try:
        return base64.b64decode(data_url.partition(_PREFIX)[2], validate=True)
    except binascii.Error:
        return None
