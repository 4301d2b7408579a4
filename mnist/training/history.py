"""The record of a training, epoch by epoch, written so that it can be read again."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mnist.errors import InvalidInput


@dataclass(frozen=True)
class Epoch:
    """One pass over the training images.

    Attributes:
        number: 1 for the first.
        loss: Mean training loss, with label smoothing and augmentation.
        accuracy: Share of augmented training images predicted correctly.
        validation_loss: Mean loss on the validation images, which are not augmented.
        validation_accuracy: Share of validation images predicted correctly.
        learning_rate: At the end of the epoch.
        wall_seconds: Duration, validation included.
        member: Which network of an ensemble, from 0.
    """

    number: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    wall_seconds: float
    member: int = 0


def dump_history(history: Sequence[Epoch]) -> str:
    """Write epochs as a JSON list, one object for each."""
    return json.dumps([asdict(epoch) for epoch in history], indent=1)


def parse_history(text: str) -> list[Epoch]:
    """Read what `dump_history` wrote.

    Raises:
        InvalidInput: If the text is something else.
    """
    try:
        return [Epoch(**entry) for entry in json.loads(text)]
    except (ValueError, TypeError) as error:
        raise InvalidInput(
            f"This is not a training history ({error}): {text[:60]!r}. Expected the JSON list "
            "that `dump_history` writes."
        ) from error


def load_history(path: Path) -> list[Epoch]:
    """Read a history file.

    Raises:
        InvalidInput: If it holds something else.
    """
    return parse_history(path.read_text(encoding="utf-8"))
