"""Which public sets a folder holds."""

from pathlib import Path

from mnist.data.hands.hands import Hands
from mnist.data.hands.semeion import load_semeion
from mnist.data.hands.unipen_images import load_unipen
from mnist.data.hands.usps import load_usps
from mnist.errors import InvalidDataset

_SEMEION = ("semeion.data", "semeion.data.gz")
_USPS = ("zip.train", "zip.train.gz")
_UNIPEN = ("unipen", "train_r01_v07")
"""Beginnings of the name of an archive or folder."""


def load_hands(folder: Path | None, *, seed: int = 0) -> list[Hands]:
    """Load the public sets that lie in a folder, by the names they are distributed under.

    Args:
        folder: With any of `semeion.data`, `zip.train` (both also with `.gz`) and UNIPEN's
            category 1a, an archive or folder whose name begins with `unipen` or `train_r01_v07`.
            None means none.
        seed: Determines the pens and the small variations with which digits are drawn.

    Returns:
        Semeion, USPS, UNIPEN, as far as they are there. The same files and seed give the same
        images.

    Raises:
        InvalidDataset: If the folder is missing, holds none of them, or one is damaged: a folder
            that was named is never passed over.
    """
    if folder is None:
        return []
    if not folder.is_dir():
        raise InvalidDataset(
            f"The folder of public hands, {folder}, does not exist; create it or correct "
            "MNIST_HANDS_DIR."
        )
    hands = []
    if semeion := _first(folder, _SEMEION):
        hands.append(load_semeion(semeion, seed))
    if usps := _first(folder, _USPS):
        hands.append(load_usps(usps))
    if unipen := next(
        (path for path in sorted(folder.iterdir()) if path.name.lower().startswith(_UNIPEN)), None
    ):
        hands.append(load_unipen(unipen, seed))
    if not hands:
        raise InvalidDataset(
            f"{folder} (MNIST_HANDS_DIR) holds none of the public sets; put {', '.join(_SEMEION)}, "
            f"{', '.join(_USPS)} or an archive or folder named {' or '.join(_UNIPEN)}… there, or "
            "unset it."
        )
    return hands


def _first(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)
