"""What a registry keeps of a training run. Plain values, so that a registry needs no Keras."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class DatasetRecord:
    """One source of images of a run.

    Attributes:
        name: What people know it by.
        digest: SHA-256 that names it.
        context: `training`, `validation`, `testing` or `evaluation`.
        details: What else there is to say, as JSON types: kind, images, share.
    """

    name: str
    digest: str
    context: str
    details: Mapping[str, Any]


@dataclass(frozen=True)
class RunRecord:
    """Everything about a training run that a registry keeps.

    Attributes:
        run_name: What people read in the list of runs.
        parameters: Hyperparameters, seed, digests, environment.
        epochs: One mapping of metric names to values per epoch, in order.
        metrics: Final metrics.
        files: Artifact path -> content: plots, tables, the Keras model.
        graph: The scoring graph, an ONNX file.
        graph_sha256: Its digest.
        accept_confidence: Predictions with at least this confidence need no review.
        ood_threshold: Images with a larger out-of-distribution score are unlike a digit.
        no_digit_threshold: Images with a larger one are not one digit.
        version_tags: Tags of the registered version.
        datasets: What was learned from, selected by and measured on.
        description: What people should know of run and version, in Markdown.
    """

    run_name: str
    parameters: Mapping[str, Any]
    epochs: list[Mapping[str, float]]
    metrics: Mapping[str, float]
    files: Mapping[str, bytes]
    graph: Path
    graph_sha256: str
    accept_confidence: float
    ood_threshold: float = math.inf
    no_digit_threshold: float = math.inf
    version_tags: Mapping[str, str] = field(default_factory=dict)
    datasets: Sequence[DatasetRecord] = ()
    description: str = ""
