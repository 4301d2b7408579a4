"""The one door: bytes in, a digit or a reason out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist.images.loading import load
from mnist.images.pipelines import Trace, run
from mnist.images.results import Decoded, Limits, Pipeline, Rejection

_DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the preprocessing.

    Attributes:
        name: What was done, for people.
        picture: Its result, uint8, shape (h, w).
    """

    name: str
    picture: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What `decode` answered, and how it got there."""

    stages: tuple[Stage, ...]
    result: Decoded | Rejection


def decode(
    content: bytes, limits: Limits = _DEFAULT_LIMITS, pipeline: Pipeline | None = None
) -> Decoded | Rejection:
    """Turn the bytes of an image file into a digit a model can read. Safe on any bytes.

    No bytes make it raise, and any number of threads may call it at once.

    Args:
        content: The file. Its format is found by content; its name does not matter.
        limits: Files with more bytes or pixels are rejected before they are decoded.
        pipeline: Force one; by default training-like images take `standard`, others `enhanced`.

    Raises:
        Unavailable: If a rare format needs the sandbox and this machine cannot start a process;
            no fault of the image, so trying again may help.
    """
    return _decode(content, limits, pipeline, _ignore)


def stages(
    content: bytes, limits: Limits = _DEFAULT_LIMITS, pipeline: Pipeline | None = None
) -> Inspection:
    """Do what `decode` does, and keep the picture of every stage."""
    seen: list[Stage] = []
    result = _decode(
        content, limits, pipeline, lambda name, picture: seen.append(Stage(name, picture.copy()))
    )
    return Inspection(tuple(seen), result)


def _decode(
    content: bytes, limits: Limits, pipeline: Pipeline | None, trace: Trace
) -> Decoded | Rejection:
    plane = load(content, limits)
    if isinstance(plane, Rejection):
        return plane
    trace("grey", plane)
    result = run(plane, pipeline, trace)
    if isinstance(result, Decoded):
        trace("result", result.pixels)
    return result


def _ignore(name: str, picture: NDArray[Any]) -> None:
    """Keep nothing."""
