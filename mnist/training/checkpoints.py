"""Checkpoints of a training: complete after every epoch, or not there at all.

Keras' own BackupAndRestore forgets the state of the random generators, the history and the best
weights so far, and writes weights and epoch number one after the other. Here one rename makes
the whole state visible, so a resumed training ends exactly where an uninterrupted one does.
"""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from mnist.training.backend import keras
from mnist.training.history import Epoch


class Checkpoints(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
    """Saves weights, optimizer, early stopping and history after every epoch.

    Place it after the early stopping it watches and after whatever appends to `history`.

    Args:
        folder: Where the epochs are kept; only the latest stays.
        history: The epochs so far; refilled when a checkpoint is restored.
        stopping: The early stopping whose state belongs to the checkpoint.
    """

    def __init__(
        self, folder: Path, history: list[Epoch], stopping: keras.callbacks.EarlyStopping
    ) -> None:
        super().__init__()
        self._folder = folder
        self._history = history
        self._stopping = stopping

    def restore(self, model: Any) -> int:
        """Load the latest checkpoint into a compiled model.

        Returns:
            The number of epochs it has behind it; 0 if there is no checkpoint.
        """
        latest = max(self._folder.glob("epoch-????"), default=None)
        if latest is None:
            return 0
        model.optimizer.build(model.trainable_variables)
        with np.load(latest / "state.npz", allow_pickle=False) as arrays:
            for variable, name in zip(_state(model), arrays.files, strict=True):
                variable.assign(arrays[name])
        self._history[:] = [Epoch(**epoch) for epoch in _load(latest / "history.json")]
        return len(self._history)

    @property
    def finished(self) -> bool:
        """Whether the restored checkpoint already ran out of patience."""
        return bool(self._history) and self._stopping_state()["wait"] >= self._stopping.patience

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Restore the state of early stopping, which has just been reset."""
        del logs
        if not self._history:
            return
        for name, value in self._stopping_state().items():
            setattr(self._stopping, name, value)
        with np.load(self._latest() / "best.npz", allow_pickle=False) as arrays:
            self._stopping.best_weights = [arrays[name] for name in arrays.files]

    def _latest(self) -> Path:
        return self._folder / f"epoch-{len(self._history):04d}"

    def _stopping_state(self) -> dict[str, Any]:
        state: dict[str, Any] = _load(self._latest() / "stopping.json")
        return state

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Write the whole state beside the previous one, then make it visible."""
        del logs
        final = self._folder / f"epoch-{epoch + 1:04d}"
        partial = final.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        np.savez(partial / "state.npz", *[v.numpy() for v in _state(self.model)])
        np.savez(partial / "best.npz", *self._stopping.best_weights)
        state = {name: getattr(self._stopping, name) for name in ("best", "best_epoch", "wait")}
        (partial / "stopping.json").write_text(json.dumps(state))
        (partial / "history.json").write_text(json.dumps([asdict(e) for e in self._history]))
        partial.rename(final)
        for old in self._folder.glob("epoch-????"):
            if old != final:
                shutil.rmtree(old)


def _state(model: Any) -> list[Any]:
    """List every variable that training changes: weights, random states, optimizer."""
    return [*model.variables, *model.optimizer.variables]


def _load(path: Path) -> Any:
    return json.loads(path.read_text())
