"""The schemas of the API's answers."""

from typing import Literal

from pydantic import BaseModel, Field

from mnist.digits import ImageWarning, Outcome, Reason
from mnist.images import Decoded, Rejection, preprocessing_digest
from mnist.scoring.predictions import PinnedModel, Prediction

Json = dict[str, object]


class PredictionResponse(BaseModel):
    """One image with its digit."""

    prediction: int = Field(ge=0, le=9, description="the digit")
    confidence: float = Field(ge=0, le=1, description="its calibrated probability")
    probs: list[float] = Field(
        min_length=10, max_length=10, description="probabilities of the digits 0 to 9"
    )
    margin: float = Field(ge=0, le=1, description="lead over the second most probable digit")
    ood_score: float | None = Field(description="larger is less like a digit")
    outcome: Literal["scored"]
    warnings: list[ImageWarning] = Field(description="what is odd about the image")
    review: bool = Field(description="whether a person should look at it")
    pipeline: str = Field(description="how the image became 28x28: `standard` or `enhanced`")
    file: str | None = Field(description="name of the file as it was sent")
    model_name: str
    model_version: str = Field(description="version of the registered model that answered")
    model_digest: str = Field(description="SHA-256 of its scoring graph")
    preprocessing_digest: str


class RejectionResponse(BaseModel):
    """One of several images that has no digit."""

    outcome: Literal["rejected"]
    reason: Reason
    message: str
    detail: str
    file: str | None


class PredictionsResponse(BaseModel):
    """Several images, in the order in which they were sent."""

    predictions: list[PredictionResponse | RejectionResponse]
    model_name: str
    model_version: str
    model_digest: str


class HealthResponse(BaseModel):
    """Whether predictions can be had."""

    status: Literal["ok", "no-champion"]
    model_loaded: bool
    model_name: str | None
    model_version: str | None
    model_digest: str | None
    preprocessing_digest: str
    problem: str | None = Field(description="why the last look at the registry failed, if it did")


def model_fields(model: PinnedModel | None) -> Json:
    """Say which version answered."""
    return {
        "model_name": model and model.name,
        "model_version": model and model.version,
        "model_digest": model and model.digest,
    }


def prediction_response(
    name: str | None, decoded: Decoded, prediction: Prediction, model: PinnedModel
) -> Json:
    """Describe an image with its digit, as `PredictionResponse` declares it."""
    return {
        "prediction": prediction.digit,
        "confidence": prediction.confidence,
        "probs": prediction.probabilities,
        "margin": prediction.margin,
        "ood_score": prediction.ood_score,
        "outcome": Outcome.SCORED,
        "warnings": prediction.warnings,
        "review": not prediction.accepted,
        "pipeline": decoded.pipeline,
        "file": name,
        **model_fields(model),
        "preprocessing_digest": preprocessing_digest(),
    }


def rejection_response(name: str | None, rejection: Rejection) -> Json:
    """Describe one of several images that has no digit, as `RejectionResponse` declares it."""
    return {
        "outcome": Outcome.REJECTED,
        "reason": rejection.reason,
        "message": rejection.reason.sentence,
        "detail": rejection.detail,
        "file": name,
    }
