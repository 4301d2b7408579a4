"""Measuring model versions side by side: what the gates will look at."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from mnist.candidates.candidate import evidence
from mnist.data.datasets import Dataset
from mnist.data.labelled import LabelledImages
from mnist.digits import Images, Probabilities
from mnist.evaluation.corruptions import Corruption, corrupt
from mnist.evaluation.slice_search import slices_with
from mnist.operations.drawn_values import VALUES, values_right
from mnist.operations.no_digits import drawn_no_digits
from mnist.operations.replay import ProductionImages, compare_predictions
from mnist.promotion import Evidence, Replay, Runtime, Sample
from mnist.scoring.graphs import Predictor
from mnist.scoring.predictions import PinnedModel
from mnist.storage.acceptance import AcceptanceLog

_CORRUPTED_IMAGES = 2_000
"""Of the test images; fifteen corruptions of each take seconds, not minutes."""

_CORRUPTION_SEED = 0

_STEPS = len(Corruption) + 3

ProgressCallback = Callable[[float, str], None]
"""Hears how far the work is: share done (0-1), and what comes next."""


@dataclass(frozen=True, eq=False)
class Contender:
    """A model version that is judged or that another one is judged against.

    Attributes:
        model: Its name, version, digest and the confidence from which predictions are accepted.
        predictor: Its scoring graph, and the line network that it may carry.
        runtime: How that graph behaved when it was exported, if this is known.
        source: Data source it learned from; empty if that is not recorded.
    """

    model: PinnedModel
    predictor: Predictor
    runtime: Runtime | None = None
    source: str = ""

    def predict(self, images: Images) -> Probabilities:
        """Predict images, shape (n, 28, 28); probabilities, shape (n, 10)."""
        return self.predictor.predict(images)


def measure(
    sides: Sequence[Contender],
    data: Dataset,
    labelled_sets: Mapping[str, LabelledImages],
    progress: ProgressCallback,
    slices: Collection[str] = (),
) -> list[Evidence]:
    """Measure every side on the same images, the corrupted ones included.

    Args:
        sides: Who is measured.
        data: Whose test images are read.
        labelled_sets: Further sets, by name.
        progress: Hears how far the work is.
        slices: Names of found slices (`mnist.evaluation.slice_search`), besides the usual.
    """
    progress(0, "predicting the test images")
    test = data.test
    outputs = [side.predictor.outputs(test.images) for side in sides]
    masks = slices_with(slices, test.images, test.labels, data.test_writers)
    progress(1 / _STEPS, "predicting labelled sets")
    samples = [_labelled_sets(side, labelled_sets) for side in sides]
    corruptions = _under_corruption(sides, test, progress)
    progress((_STEPS - 1) / _STEPS, "predicting values of several digits, and what is no digit")
    networks = [(side.predictor, side.model.ood_threshold) for side in sides]
    drawn = [
        no_digits | {VALUES: values}
        for no_digits, values in zip(
            drawn_no_digits(networks, test.images, [of_side.ood_scores for of_side in outputs]),
            values_right(networks, test),
            strict=True,
        )
    ]
    return [
        evidence(
            side.model.name,
            side.model.version,
            data,
            of_side.probabilities,
            corruptions=accuracies,
            slices=masks,
            labelled_sets=of_labelled_sets,
            runtime=side.runtime,
            drawn=of_drawn,
            source=side.source,
        )
        for side, of_side, accuracies, of_labelled_sets, of_drawn in zip(
            sides, outputs, corruptions, samples, drawn, strict=True
        )
    ]


def compare_in_production(
    champion: Contender,
    candidate: Contender,
    production: ProductionImages,
    acceptance: AcceptanceLog,
) -> Replay:
    """Let both predict what production has scored.

    Both are judged by the same rule: what each may accept before its predictions are audited.
    """
    before, after = (
        (side.predictor.outputs(production.images), acceptance.without_evidence(side.model))
        for side in (champion, candidate)
    )
    return compare_predictions(production, before, after)


def _under_corruption(
    sides: Sequence[Contender], test: LabelledImages, progress: ProgressCallback
) -> list[dict[str, float]]:
    """Return, for each side, corruption -> accuracy; all on the same corrupted images."""
    images, labels = test.images[:_CORRUPTED_IMAGES], test.labels[:_CORRUPTED_IMAGES]
    accuracies: list[dict[str, float]] = [{} for _ in sides]
    for done, corruption in enumerate(Corruption, start=2):
        progress(done / _STEPS, f"corruption: {corruption.value.replace('_', ' ')}")
        corrupted = corrupt(images, corruption, seed=_CORRUPTION_SEED)
        for side, of_side in zip(sides, accuracies, strict=True):
            digits = side.predict(corrupted).argmax(axis=1)
            of_side[corruption.value] = float((digits == labels).mean())
    return accuracies


def _labelled_sets(side: Contender, sets: Mapping[str, LabelledImages]) -> dict[str, Sample]:
    return {
        name: Sample(images.labels, side.predict(images.images), images.digest, images.writers)
        for name, images in sets.items()
    }
