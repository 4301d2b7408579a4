"""The preprocessing has a name that changes when, and only when, its results may."""

import dataclasses
import re
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from mnist.images import parameters, preprocessing_digest
from mnist.images.parameters import PARAMETERS
from tests.golden.preprocessing import recorded_at, results


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """The digest is worked out once per process; here it is worked out anew."""
    preprocessing_digest.cache_clear()
    yield
    preprocessing_digest.cache_clear()


def test_results_are_those_on_record_for_this_version() -> None:
    assert recorded_at().exists(), (
        "PREPROCESSING_VERSION was raised: run `python -m tests.golden.preprocessing`, look at "
        f"{recorded_at().name}, and commit it."
    )
    recorded = cv2.imread(str(recorded_at()), cv2.IMREAD_GRAYSCALE)
    difference = np.abs(recorded.astype(int) - results())
    assert difference.mean() < 0.5, "Decoded pixels changed: raise PREPROCESSING_VERSION."


def test_the_digest_is_a_sha256_and_always_the_same() -> None:
    assert re.fullmatch("[0-9a-f]{64}", preprocessing_digest())
    assert preprocessing_digest() == preprocessing_digest()


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(PARAMETERS)])
def test_every_constant_changes_the_digest(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = preprocessing_digest()
    other = dataclasses.replace(PARAMETERS, **{name: getattr(PARAMETERS, name) + 1})
    monkeypatch.setattr(parameters, "PARAMETERS", other)
    preprocessing_digest.cache_clear()
    assert preprocessing_digest() != before


def test_the_version_changes_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = preprocessing_digest()
    monkeypatch.setattr(parameters, "PREPROCESSING_VERSION", 99)
    preprocessing_digest.cache_clear()
    assert preprocessing_digest() != before
