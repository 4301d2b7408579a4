"""What an evaluation of a given size can and cannot tell about two models."""

import math

from scipy.optimize import brentq
from scipy.stats import norm


def smallest_detectable_difference(
    images: int,
    discordant_rate: float,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    variance_factor: float = 1.0,
) -> float:
    """Return the smallest true difference in accuracy that McNemar's test would usually find.

    Solves Connor's (1987) sample size n = (z_a √ψ + z_b √(ψ - d²))² / d² for d, with ψ the
    share of images on which just one model is right. It is never below the fewest images that
    can be significant at all (six at 5 %: 2 · ½⁶ = .03).

    Args:
        images: Images in the evaluation, > 0.
        discordant_rate: ψ, 0-1.
        alpha: Two-sided significance level.
        power: Chance of finding it, 0-1.
        variance_factor: The design effect of writers, >= 1.
    """
    effective = images / variance_factor
    fewest = math.ceil(1 - math.log2(alpha)) / effective
    z_alpha, z_power = norm.ppf(1 - alpha / 2), norm.ppf(power)

    def missing(difference: float) -> float:
        psi = max(discordant_rate, difference)  # a difference is made of discordant images
        spread = z_alpha * math.sqrt(psi) + z_power * math.sqrt(psi - difference**2)
        return float(effective * difference**2 - spread**2)

    if missing(1.0) < 0:
        return 1.0
    return float(min(1.0, max(fewest, brentq(missing, 0.0, 1.0))))


def images_to_exclude(
    margin: float,
    discordant_rate: float,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    variance_factor: float = 1.0,
) -> int | None:
    """Return how many images would usually exclude a loss beyond the margin.

    The sample size of a paired non-inferiority trial of equally good models,
    n = ψ (z_a + z_b)² / margin² (Liu et al. 2002). None if the margin is 0: no number suffices.

    Args:
        margin: Loss of accuracy to exclude, 0-1.
        discordant_rate: ψ, the share of images on which just one model is right, 0-1.
        alpha: Two-sided level of the interval.
        power: Chance of excluding it, 0-1.
        variance_factor: The design effect of writers, >= 1.
    """
    if margin == 0:
        return None
    quantiles = norm.ppf(1 - alpha / 2) + norm.ppf(power)
    return math.ceil(variance_factor * discordant_rate * float(quantiles / margin) ** 2)
