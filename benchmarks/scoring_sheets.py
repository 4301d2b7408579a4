"""Sheets for `benchmarks.scoring`: pages of 1,150 cells as a scanner of 600 dpi writes them."""

import json
from collections.abc import Callable
from typing import Any

import cv2

from benchmarks.deployed import data_dir
from benchmarks.drawn_pages import SCANS, draw_sheet
from mnist.data.datasets import load_dataset
from mnist.storage.bucket import Bucket

GRID = (46, 25)
CELLS = GRID[0] * GRID[1]
SHEET_KEYS = ("pages_per_second", "cells_per_second", "fetches_per_page", "batches_per_page")
"""Keys of the benchmark's last line."""

_CELL = (140, 180)
"""Pixels of a cell: the page is about as large as an A4 sheet at 600 dpi."""

_KINDS = ("clean", "skewed", "broken lines")
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 85]


def drop_sheets(bucket: Bucket, batch: str, count: int) -> float:
    """Put sheets and their layout into a folder; return the megabytes of one, on average."""
    bucket.put(f"{batch}/_LAYOUT.json", json.dumps({"grid": GRID}).encode())
    test = load_dataset(data_dir()).test
    drawn = [
        draw_sheet(test, GRID, _CELL, SCANS[kind], seed=number).plane
        for number, kind in enumerate(_KINDS[:count])
    ]
    files = [cv2.imencode(".jpg", plane, _JPEG)[1].tobytes() for plane in drawn]
    for number in range(count):
        bucket.put(f"{batch}/{number:04d}.jpg", files[number % len(files)])
    return sum(map(len, files)) / len(files) / 1e6


def measured_sheets(
    bucket: Bucket, measure: Callable[[str, str, int], dict[str, float]], count: int
) -> tuple[dict[str, dict[str, float]], dict[str, Any]]:
    """Have sheets scored.

    Args:
        bucket: The inbox.
        measure: Lets a contender work on a batch.
        count: How many sheets.

    Returns:
        The row of the table, and the keys of the last line.
    """
    megabytes = drop_sheets(bucket, "sheets", count)
    print(f"  {count} sheets of {CELLS:,} cells, {megabytes:.1f} MB each", flush=True)
    row = measure("sheets", "sheets", count)
    rates = (count / row["seconds"], row["per_second"], row["fetches"] / count)
    keys = dict(zip(SHEET_KEYS, (*rates, row["batches"] / count), strict=True))
    print("  " + ", ".join(f"{name} {value:,.2f}" for name, value in keys.items()), flush=True)
    return {f"cells of {count} sheets": row}, keys
