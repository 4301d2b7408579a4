"""Numbers for Prometheus. With several workers they are summed over all of them."""

import os
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

from mnist.digits import Outcome
from mnist.images import Decoded, Rejection
from mnist.scoring.predictions import Prediction
from mnist.storage.acceptance import AcceptanceEntry

_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

_ACCEPTANCE = {
    "threshold": "Confidence from which on predictions are accepted.",
    "labels": "Predictions whose truth is known.",
    "accepted": "Of these, with at least that confidence.",
    "wrong": "Wrong ones of the accepted.",
    "bound": "Upper bound of the share of wrong ones among accepted predictions.",
}
"""Fields of a source's threshold that are metrics, and what they mean."""

_PREDICTED = (Outcome.SCORED, Outcome.NOT_A_DIGIT)


class CaptureOutcome(StrEnum):
    """What became of an image that was to be captured."""

    KEPT = "kept"
    NO_ROOM = "no-room"
    STORE = "store-refused"
    STOPPED = "stopped"


class Telemetry:
    """Counts what the API does."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "mnist_api_requests", "Requests for a prediction.", ["status"], registry=registry
        )
        self._seconds = Histogram(
            "mnist_api_request_seconds",
            "From the request's headers to its answer.",
            buckets=_BUCKETS,
            registry=registry,
        )
        self._images = Counter(
            "mnist_api_images", "Images by outcome.", ["outcome", "reason"], registry=registry
        )
        self._digits = Counter(
            "mnist_api_predictions", "Digits that were read.", ["digit"], registry=registry
        )
        self._warnings = Counter(
            "mnist_api_warnings", "What was odd about images.", ["warning"], registry=registry
        )
        self._reviews = Counter(
            "mnist_api_reviews", "Predictions that ask for a person's look.", registry=registry
        )
        self._captures = Counter(
            "mnist_api_captures",
            "Images with consent, by whether they were kept, or why not.",
            ["outcome"],
            registry=registry,
        )
        self._acceptance = self._gauges_of_acceptance("mnist_acceptance_", "")
        self._value_acceptance = self._gauges_of_acceptance("mnist_value_acceptance_", "Values: ")
        self._busy = Gauge(
            "mnist_api_requests_in_progress",
            "Requests being answered.",
            multiprocess_mode="livesum",
            registry=registry,
        )

    def _gauges_of_acceptance(self, prefix: str, what: str) -> dict[str, Gauge]:
        return {
            name: Gauge(
                f"{prefix}{name}",
                f"{what}{meaning}",
                ["source"],
                multiprocess_mode="mostrecent",
                registry=self._registry,
            )
            for name, meaning in _ACCEPTANCE.items()
        }

    def begin(self) -> None:
        """Count a request that came in."""
        self._busy.inc()

    def end(self, status: int, seconds: float) -> None:
        """Count how it was answered."""
        self._busy.dec()
        self._requests.labels(str(int(status))).inc()
        self._seconds.observe(seconds)

    def count(
        self, results: Iterable[Decoded | Rejection], predictions: Iterable[Prediction]
    ) -> None:
        """Count what became of images."""
        for result in results:
            if isinstance(result, Rejection):
                self._images.labels("rejected", result.reason.value).inc()
        for prediction in predictions:
            self._images.labels(prediction.outcome.value, "").inc()
            self._digits.labels(str(prediction.digit)).inc()
            for warning in prediction.warnings:
                self._warnings.labels(warning.value).inc()
            if not prediction.accepted:
                self._reviews.inc()

    def count_places(self, pictures: Iterable[list[dict[str, Any]] | Rejection]) -> None:
        """Count what became of the places of pictures that were cut by a layout."""
        for picture in pictures:
            if isinstance(picture, Rejection):
                self._images.labels("rejected", picture.reason.value).inc()
                continue
            for row in picture:
                self._images.labels(row["outcome"], row["reason"] or "").inc()
                for mark in row["marks"] or ():
                    self._digits.labels(str(mark["digit"])).inc()
                for warning in row["warnings"]:
                    self._warnings.labels(warning).inc()
                if row["outcome"] in _PREDICTED and not row["accepted"]:
                    self._reviews.inc()

    def count_captures(self, outcome: CaptureOutcome, images: int) -> None:
        """Count what became of images that were to be captured."""
        self._captures.labels(outcome.value).inc(images)

    def note_acceptance(self, entry: AcceptanceEntry | None) -> None:
        """Take over what audits say of accepted predictions, source by source."""
        for chosen in () if entry is None else (*entry.thresholds, *entry.value_thresholds):
            gauges = self._value_acceptance if chosen.of_values else self._acceptance
            for name, gauge in gauges.items():
                gauge.labels(chosen.source).set(getattr(chosen, name))

    def exposition(self) -> bytes:
        """Write all numbers in Prometheus's text format."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        multiprocess.MultiProcessCollector(together)
        return generate_latest(together)
