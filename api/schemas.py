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
    outcome: Literal["scored", "not-a-digit"] = Field(
        description="`not-a-digit`: the rest is about the digit that it would be"
    )
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


class MarkResponse(BaseModel):
    """One digit of a value."""

    prediction: int = Field(ge=0, le=9)
    probs: list[float] = Field(min_length=10, max_length=10)
    box: list[int] = Field(min_length=4, max_length=4)


class PlaceResponse(BaseModel):
    """One place that a layout cuts out of an image; what its outcome does not have is absent."""

    place: str = Field(description="name in the layout; empty if that is the whole image")
    outcome: Literal["scored", "empty", "not-a-digit", "rejected"]
    box: list[int] | None = Field(
        None,
        description="left, top, right, bottom in pixels of the upright image, in which a side "
        "above 3,072 has been reduced to that",
    )
    value: str | None = Field(None, description="what is written there, with leading zeros")
    value_confidence: float | None = Field(None, description="how sure all of it is, 0-1")
    check: Literal["passed", "failed", "none"] | None = None
    prediction: int | None = Field(None, description="the digit of a place of one digit")
    confidence: float | None = Field(None, description="its calibrated probability")
    probs: list[float] | None = Field(None, description="its ten probabilities")
    warnings: list[ImageWarning] | None = None
    review: bool | None = Field(None, description="whether a person should look at it")
    marks: list[MarkResponse] | None = None
    reason: Reason | None = None
    message: str | None = None
    detail: str | None = None


class CutResponse(BaseModel):
    """One image that was cut by a layout: its places, in reading order."""

    places: list[PlaceResponse]
    file: str | None
    layout_digest: str
    model_name: str
    model_version: str
    model_digest: str
    preprocessing_digest: str


class CutFile(BaseModel):
    """One of several images that were cut by a layout."""

    places: list[PlaceResponse]
    file: str | None


class CutsResponse(BaseModel):
    """Several images that were cut by a layout, in the order in which they were sent."""

    pictures: list[CutFile]
    layout_digest: str
    model_name: str
    model_version: str
    model_digest: str
    preprocessing_digest: str


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
        "outcome": prediction.outcome,
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
