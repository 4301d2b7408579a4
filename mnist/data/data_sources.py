"""Names of the sources that a dataset can come from."""

MNIST = "mnist"
SKLEARN_DIGITS = "sklearn-digits"

FALLBACKS = frozenset({SKLEARN_DIGITS})
"""Sources of a lower kind: they stand in for MNIST, and say nothing about it."""
