"""The champion and how good it is."""

from dataclasses import dataclass

from dashboard.components.texts import code
from mnist.data.data_sources import MNIST
from mnist.errors import InvalidEvaluation
from mnist.evaluation.metrics import Evaluation
from mnist.evaluation.statistics import Interval, proportion_lower_bound, proportion_upper_bound
from mnist.registry.catalogue import Catalogue
from mnist.registry.records import VersionDetails

_TWO_SIDED = 0.975


@dataclass(frozen=True)
class Champion:
    """The version in charge and how good it is.

    Attributes:
        details: The version and its run.
        evaluation: What it achieved on the test images, if that was kept and is readable.
        problem: Why there is no evaluation, if something is wrong with it.
    """

    details: VersionDetails
    evaluation: Evaluation | None
    problem: str | None = None

    @property
    def dataset(self) -> str:
        """Name the images it was trained and measured on."""
        return self.details.tags.get("dataset", "unknown")

    @property
    def is_mnist(self) -> bool:
        """Tell whether its numbers are numbers of MNIST."""
        return self.dataset == MNIST

    @property
    def headline(self) -> str:
        """Say name, origin and age, in Markdown."""
        details = self.details
        return (
            f"{code(details.name)} version {code(details.version)} · recipe "
            f"{code(details.tags.get('recipe', 'unknown'))} · trained on {code(self.dataset)} · "
            f"registered {details.registered_at:%Y-%m-%d %H:%M} UTC"
        )

    @property
    def origin_warning(self) -> str:
        """Say that its numbers are not numbers of MNIST, in Markdown."""
        return (
            f"**These are not MNIST's numbers.** The champion learned from and was measured on "
            f"{code(self.dataset)}; set MNIST\\_DATA\\_DIR to MNIST's four files and retrain."
        )


def champion(catalogue: Catalogue) -> Champion:
    """Look up the champion and its evaluation.

    Raises:
        NoChampion: If nothing has been promoted.
    """
    details = catalogue.champion()
    try:
        return Champion(details, catalogue.evaluation(details.run))
    except InvalidEvaluation as error:
        return Champion(details, None, str(error))


def accuracy_interval(evaluation: Evaluation) -> Interval:
    """Return the 95 % interval of the accuracy, exact (Clopper and Pearson 1934)."""
    right = evaluation.images - evaluation.errors
    return Interval(
        evaluation.accuracy,
        proportion_lower_bound(right, evaluation.images, confidence=_TWO_SIDED),
        proportion_upper_bound(right, evaluation.images, confidence=_TWO_SIDED),
    )
