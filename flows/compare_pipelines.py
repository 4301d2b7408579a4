"""Compare pipelines: the same images through each of them, predicted by the same model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from flows.support.parameters import OptionalVersion
from flows.support.remedies import say_remedy
from mnist import services

if TYPE_CHECKING:
    from mnist.comparison.pipelines import PipelineResult
    from mnist.scoring.predictions import PinnedModel


@task(name="read-images", cache_policy=NO_CACHE)
def read_images(model: PinnedModel) -> list[PipelineResult]:
    """Decode and predict every set of images after every pipeline."""
    return services.current().comparing_pipelines.read(model)


@flow(name="compare-pipelines", flow_run_name="compare-pipelines", on_failure=[say_remedy])
def compare_pipelines(version: OptionalVersion = "") -> str:
    """Read test digits and images of one's own after `standard`, after `enhanced`, and as chosen.

    Images of one's own are those of MNIST_REAL_WORLD_DIR.

    Args:
        version: The model version that reads; the champion if left out.

    Returns:
        Address of the run in MLflow that keeps figures and plots.

    Raises:
        NoChampion: If no version is named and nothing has been promoted.
        InvalidDataset: If a set of images is missing or has a label that is no digit.
        Unavailable: If MLflow does not answer.
    """
    model = services.current().comparing_pipelines.model(version)
    concluded = services.current().comparing_pipelines.conclude(model, read_images(model))
    url: str = concluded["url"]
    create_markdown_artifact(
        f"{concluded['markdown']}\n\n[Figures and plots in MLflow]({url})\n",
        key="pipeline-comparison",
        description=f"predicted by version {model.version}",
    )
    return url
