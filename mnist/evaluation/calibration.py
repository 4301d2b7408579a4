"""Temperature scaling: one number that calibrates confidences without changing any digit."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from mnist.digits import CLASSES, Labels, Probabilities
from mnist.errors import InvalidInput
from mnist.evaluation.metrics import require_comparable

_COLDEST, _HOTTEST = 0.05, 20.0


def fit_temperature(labels: Labels, probabilities: Probabilities) -> float:
    """Return the temperature that minimises the log loss (Guo et al. 2017, section 4.2).

    Above 1 the model was too sure, below 1 too hesitant. Fit it on validation images: fitted on
    the test images, it flatters. The targets are softened by one image in n + 2
    (Platt 1999, section 2.2): n images without a mistake do not prove that there are none,
    and without this the fit would run to full certainty.

    Args:
        labels: True digits, shape (n,), n > 0.
        probabilities: As the network reports them, shape (n, 10), rows summing to 1.

    Returns:
        A temperature of 0.05-20.

    Raises:
        InvalidEvaluation: If labels and probabilities cannot be compared.
    """
    require_comparable(labels, probabilities)
    logits = _logits(probabilities)
    images = np.arange(len(labels))

    doubt = 1 / (len(labels) + 2)
    targets = np.full(logits.shape, doubt / (CLASSES - 1))
    targets[images, labels] = 1 - doubt

    def log_loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / math.exp(log_temperature), axis=1)
        return float(-(targets * scaled).sum(axis=1).mean())

    fit = minimize_scalar(
        log_loss, bounds=(math.log(_COLDEST), math.log(_HOTTEST)), method="bounded"
    )
    return math.exp(float(fit.x))


def apply_temperature(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Return probabilities at another temperature; the order within each row stays.

    Args:
        probabilities: Shape (n, 10), rows summing to 1.
        temperature: > 0; above 1 flattens, below 1 sharpens.

    Raises:
        InvalidInput: If the temperature is not a positive number.
    """
    if not (temperature > 0 and math.isfinite(temperature)):
        raise InvalidInput(
            f"The temperature is {temperature}, expected a positive number; fit it with "
            "fit_temperature on validation images."
        )
    return np.asarray(softmax(_logits(probabilities) / temperature, axis=1), dtype=np.float32)


def _logits(probabilities: Probabilities) -> NDArray[np.float64]:
    # Softmax forgets a constant per row, so log probabilities serve as well as the logits. The
    # smallest float32 stands for a probability that was rounded to 0.
    return np.log(np.maximum(probabilities, np.finfo(np.float32).tiny).astype(np.float64))
