"""Comparing the preprocessing pipelines with one model version, in steps for an orchestrator."""

from collections.abc import Iterator, Sequence
from typing import Any

import cv2

from mnist.comparison.pipelines import (
    PipelineResult,
    as_csv,
    compare_pipelines,
    plot_accuracy_and_confidence,
    plot_confidences,
    to_markdown,
)
from mnist.data.datasets import load_dataset
from mnist.data.labelled_sets import labelled_files
from mnist.images import Limits, preprocessing_digest
from mnist.parts import Parts
from mnist.provenance import code_digest
from mnist.scoring.predictions import PinnedModel

_TEST = "test digits"


class ComparingPipelines:
    """The steps, over test digits, images of one's own, and a registry."""

    def __init__(self, parts: Parts) -> None:
        self._settings = parts.settings
        self._registry = parts.registry
        self._log = parts.comparison_log("pipelines")

    def model(self, version: str | None) -> PinnedModel:
        """Look up the version that reads, by default the champion.

        Raises:
            NoChampion: If none is named and nothing has been promoted.
        """
        return self._registry.version(version) if version else self._registry.champion()

    def read(self, model: PinnedModel) -> list[PipelineResult]:
        """Read every set after every pipeline.

        Raises:
            InvalidDataset: If a set of one's own is missing something.
        """
        predict = self._registry.predictor(model).predict
        limits = Limits.of(self._settings)
        return [
            result
            for name, files in self._sets()
            for result in compare_pipelines(name, files, predict, limits)
        ]

    def _sets(self) -> Iterator[tuple[str, Sequence[tuple[bytes, int]]]]:
        settings = self._settings
        test = load_dataset(settings.data_dir, fallback=settings.fallback_digits).test
        pictures = (cv2.imencode(".png", image)[1].tobytes() for image in test.images)
        yield _TEST, list(zip(pictures, test.labels.tolist(), strict=True))
        for name, files in labelled_files(self._settings.real_world_dir).items():
            if files:
                yield name, [(file.path.read_bytes(), file.label) for file in files]

    def conclude(self, model: PinnedModel, predictions: Sequence[PipelineResult]) -> dict[str, Any]:
        """Log figures and plots as one run; return the table and the run's address."""
        table = to_markdown(predictions)
        run = self._log.begin(
            f"compare-pipelines-version-{model.version}",
            {
                "model_version": model.version,
                "model_digest": model.digest,
                "preprocessing_digest": preprocessing_digest(),
                "code_digest": code_digest(),
            },
        )
        url = self._log.end(
            run,
            {
                f"{prediction.images_of.replace(' ', '_')}/{prediction.pipeline}/{name}": value
                for prediction in predictions
                for name, value in (
                    ("accuracy", prediction.accuracy),
                    ("mean_confidence", prediction.mean_confidence),
                    ("rejected", prediction.rejected),
                )
            },
            {
                "pipelines.csv": as_csv(predictions),
                "pipelines.md": table.encode(),
                "accuracy-and-confidence.png": plot_accuracy_and_confidence(predictions),
                "confidences.png": plot_confidences(predictions),
            },
        )
        return {"markdown": table, "url": url}
