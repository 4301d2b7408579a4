"""The MNIST test labels that public audits found wrong or undecidable.

Facts from the votes published with Northcutt, Athalye and Mueller 2021, "Pervasive Label Errors
in Test Sets Destabilize Machine Learning Benchmarks" (arXiv 2103.14749), repository
cleanlab/label-errors. Above about 99.85 % accuracy a score partly measures agreement with these.
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from mnist.digits import Labels

MNIST_TEST_LABELS_SHA256 = "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5"
"""Digest of MNIST's 10,000 test labels as bytes, one per label."""

MNIST_TEST: Mapping[int, tuple[int, int | None]] = MappingProxyType(
    {
        947: (8, 9),
        1621: (0, 6),
        1901: (9, 4),
        2130: (4, None),  # no majority between 4 and 9
        2462: (2, 0),
        2597: (5, 3),
        2654: (6, None),  # neither label
        3520: (6, None),  # neither label
        3558: (5, 0),
        5937: (5, 3),
        6651: (0, 6),
        6783: (1, 6),
        8527: (4, None),  # no majority between 4 and 9
        9679: (6, None),  # neither label
        9729: (5, 6),
    }
)
"""Test index -> (label as given, what the audit's majority saw, None where nothing won)."""


def known_label_errors(labels: Labels) -> dict[int, int | None]:
    """Return index -> correct digit (None where no digit is right) for these labels.

    Empty unless these are exactly MNIST's test labels, in MNIST's order.
    """
    if hashlib.sha256(labels.astype(np.uint8).tobytes()).hexdigest() != MNIST_TEST_LABELS_SHA256:
        return {}
    return {index: majority for index, (_, majority) in MNIST_TEST.items()}
