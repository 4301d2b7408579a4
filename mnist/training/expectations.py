"""What each named model cost and reached when it was last measured: the header of an experiment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Expectation:
    """One training on MNIST's 55,000 training images, with two cores; only `fast` had them alone.

    Attributes:
        cpu_seconds: Processor time of the training over all cores.
        accuracy: Share of the 10,000 test images read right, 0-1.
        deployment: What trains it.
    """

    cpu_seconds: float
    accuracy: float
    deployment: str = "compare-models"


EXPECTED = {
    "demo": Expectation(30, 0.995, "retrain"),
    "fast": Expectation(65, 0.9962, "retrain"),
    "best": Expectation(405, 0.9969, "retrain"),
    "ensemble": Expectation(1216, 0.9975, "retrain"),
    "complex-cnn": Expectation(364, 0.9963),
    "simple-cnn": Expectation(235, 0.9948),
    "mlp": Expectation(63, 0.991),
    "flattened": Expectation(28, 0.9789),
    "knn": Expectation(1, 0.9751),
    "random-forest": Expectation(139, 0.9705),
    "svm": Expectation(12, 0.9853),
}
"""By the name of the recipe."""


def header(name: str) -> str:
    """Say in one sentence how to train a named recipe and what to expect of it.

    A recipe of one's own has no expectation yet, and is told so.
    """
    if name not in EXPECTED:
        return f"{name}: not measured yet, so nothing is expected of it."
    expected = EXPECTED[name]
    parameter = f"recipe={name}" if expected.deployment == "retrain" else f'models=["{name}", …]'
    return (
        f"{name}: `prefect deployment run '{expected.deployment}/default' -p '{parameter}'`; on "
        f"MNIST expect about {expected.cpu_seconds:.0f} CPU seconds and a test accuracy of "
        f"{expected.accuracy:.4f}."
    )
