"""Which line network a candidate gets: one that is trained anew, or the champion's.

What it learns, lines of digits of many hands, hardly changes by a few labels more, and it costs ten
times what the scoring network does. So it is taken over while what it learned from is still there.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mnist.data.training_data import TrainingData
from mnist.errors import IntegrityError, NoChampion
from mnist.registry.reader import RegistryReader
from mnist.scoring.graphs import export_line_graph
from mnist.scoring.line_graphs import carried_line_graph, note_of, with_note
from mnist.training.line_network import VERSION, fit_line_network
from mnist.training.recipes import Recipe

MOST_CHANGED = 0.05
"""Share of what a line network learned from that may have changed before it is trained anew."""


class TakenOver(NamedTuple):
    """The champion's line network, if it fits.

    Attributes:
        graph: The network; None if one has to be trained.
        reason: Why it is taken over, or why not; a sentence.
    """

    graph: bytes | None
    reason: str


class LineNetworks:
    """The champion's line network, and new ones.

    Args:
        registry: Where the champion is.
    """

    def __init__(self, registry: RegistryReader) -> None:
        self._registry = registry

    def champions(self) -> bytes | None:
        """Give the champion's, whatever it learned from; None if there is none.

        Or whoever retrains with a recipe that trains none would lose how well values are predicted.
        """
        try:
            return carried_line_graph(self._registry.graph(self._registry.champion()))
        except (IntegrityError, NoChampion):  # judged later, against the candidate
            return None

    def to_take_over(self, recipe: Recipe, data: TrainingData) -> TakenOver:
        """Give the champion's, if training would give nearly the same."""
        graph = self.champions()
        if graph is None:
            return TakenOver(None, "The champion has no line network.")
        learned, sources = note_of(graph), _sources(data)
        if (learned.get("version"), learned.get("strips")) != (VERSION, recipe.strips):
            return TakenOver(None, "The champion's line network is of another making.")
        changed = share_changed(learned["sources"], sources)
        what = f"{changed:.1%} of what the champion's line network learned from has changed"
        if changed > MOST_CHANGED:
            return TakenOver(None, f"{what}; at most {MOST_CHANGED:.0%} may.")
        return TakenOver(graph, f"{what}, at most {MOST_CHANGED:.0%} may: it is taken over.")

    def train(
        self,
        recipe: Recipe,
        data: TrainingData,
        seed: int,
        folder: Path,
        on_portion: Callable[[int, float], None],
    ) -> bytes:
        """Train the recipe's line network, and export it; goes on after an interruption.

        Args:
            recipe: Says how many strips are drawn.
            data: Its training images are what strips are drawn from.
            seed: Determines weights and strips.
            folder: Where the state is kept.
            on_portion: Hears how many portions are done, and the loss.

        Raises:
            IntegrityError: If the exported graph does not agree with the Keras model.
        """
        model = fit_line_network(
            data.train, recipe.strips, seed=seed, folder=folder, on_portion=on_portion
        )
        note = {"version": VERSION, "strips": recipe.strips, "sources": _sources(data)}
        return with_note(export_line_graph(model), note)


def share_changed(before: dict[str, list[float]], now: dict[str, list[float]]) -> float:
    """Say which share of what is learned from is no longer what it was, 0-1.

    Args:
        before: Number of images and share of an epoch, for each source.
        now: The same, now.
    """
    changed = 0.0
    for name in before.keys() | now.keys():
        (images, share), (images_now, share_now) = before.get(name, [0, 0]), now.get(name, [0, 0])
        fewer, more = sorted((images, images_now))
        changed += max(share, share_now) * (1 - fewer / more if more else 0)
    return min(1.0, changed)


def _sources(data: TrainingData) -> dict[str, list[float]]:
    return {
        f"{source['kind']} {source['name']}": [source["images"], round(source["share"], 4)]
        for source in data.sources
    }
