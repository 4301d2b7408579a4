"""Training history: written, read again, and refused when it is something else."""

from pathlib import Path

import pytest

from mnist.errors import InvalidInput
from mnist.training.history import Epoch, dump_history, load_history, parse_history

EPOCHS = [
    Epoch(1, 0.7, 0.9, 0.6, 0.95, 0.01, 3.25),
    Epoch(2, 0.6, 0.95, 0.5, 0.97, 0.0, 3.5, member=1),
]


def test_survives_being_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    path.write_text(dump_history(EPOCHS), encoding="utf-8")
    assert load_history(path) == EPOCHS
    assert parse_history(dump_history([])) == []


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"loss": 1}', '[{"number": 1}]'])
def test_refuses_other_text(text: str) -> None:
    with pytest.raises(InvalidInput, match="not a training history"):
        parse_history(text)
