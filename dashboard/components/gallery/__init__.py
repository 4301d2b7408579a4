"""A grid of images with the prediction of each."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.components.browser import browser_component, draw_again
from dashboard.components.gallery.tiles import Tile


def gallery(tiles: Sequence[Tile], label: str, key: str = "gallery") -> str | None:
    """Draw a page of tiles.

    Args:
        tiles: At most a page full; their pictures travel with them.
        label: What the grid is, for those who do not see it.
        key: Distinguishes several galleries on one page.

    Returns:
        What the tile opens that was clicked just now, if one was.
    """
    result = browser_component("gallery")(
        data={"tiles": list(tiles), "label": label}, key=key, on_opened_change=draw_again
    )
    opened: str | None = result.opened
    return opened
