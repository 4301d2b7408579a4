"""The promotion policy: what a candidate must show. Versioned, and overridable per deployment."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mnist.errors import InvalidPolicy

Share = Annotated[float, Field(ge=0, le=1)]
"""A number from 0 to 1."""

Digit = Annotated[int, Field(ge=0, le=9)]

Measurement = Literal["champion", "writers", "corruptions", "runtime", "replay"]
"""Evidence that a policy may insist on."""


class Policy(BaseModel):
    """What a candidate must show before it becomes champion.

    Shares are 0-1, so a margin of 0.0015 is 0.15 points of accuracy or 15 of 10,000 images.
    `docs/gates.md` gives the reason for every default.

    Raises:
        InvalidPolicy: Naming each field that has an impossible value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    version: str = Field(
        "3", min_length=1, description="name of this policy; change it whenever you change a value"
    )

    alpha: float = Field(
        0.05, gt=0, lt=0.5, description="significance level; intervals have confidence 1 - alpha"
    )
    power: float = Field(
        0.8, gt=0.5, lt=1, description="chance of detection behind the smallest detectable effect"
    )
    margin: Share = Field(
        0.0015, description="non-inferiority margin: accuracy loss that is surely not exceeded"
    )
    promote_not_worse: bool = Field(
        default=True,
        description="whether a candidate that is not worse, but not better, is promoted",
    )
    bootstrap_replicates: int = Field(
        10_000, ge=1_000, le=1_000_000, description="bootstrap samples behind each interval"
    )
    bootstrap_seed: int = Field(
        0, ge=0, description="seed of the bootstrap: same evidence, same answer"
    )
    required: frozenset[Measurement] = Field(
        frozenset(), description="evidence without which nothing is promoted"
    )
    holdout_uses_warning: int = Field(
        20, ge=1, description="decisions on the same test images after which the report warns"
    )

    minimum_images: int = Field(300, ge=1, description="fewest test images a decision may rest on")
    minimum_images_per_digit: int = Field(10, ge=0, description="fewest test images of every digit")
    macro_f1_floor: Share = Field(0.985, description="lowest macro F1")
    class_f1_floor: Share = Field(0.97, description="lowest F1 of any digit")
    class_recall_floor: Share = Field(
        0.97, description="lowest recall of any digit, by its one-sided lower confidence bound"
    )
    confusion_pairs: tuple[tuple[Digit, Digit], ...] = Field(
        ((4, 9), (9, 4), (9, 7), (5, 3), (5, 8), (6, 5), (6, 0), (7, 1), (7, 2), (2, 7)),
        description="(true digit, predicted digit) pairs tested against the champion",
    )
    confusion_rate_cap: Share = Field(
        0.02, description="highest share of a digit predicted as one other, by its upper bound"
    )
    calibration_error_cap: Share = Field(0.015, description="highest expected calibration error")
    brier_cap: float = Field(0.025, ge=0, le=2, description="highest Brier score")
    brier_rise_cap: float = Field(
        0.002, ge=0, le=2, description="Brier score may not surely rise, nor by more than this"
    )
    log_loss_cap: float = Field(0.06, ge=0, description="highest log loss, in nats")
    corruption_mean_floor: Share = Field(0.0, description="lowest mean accuracy over corruptions")
    corruption_worst_floor: Share = Field(0.0, description="lowest accuracy on any corruption")
    corruption_mean_drop: Share = Field(
        0.08, description="largest drop in mean corruption accuracy against the champion"
    )
    corruption_worst_drop: Share = Field(
        0.4, description="largest drop on any one corruption against the champion"
    )
    slice_floors: dict[str, Share] = Field(
        default_factory=dict, description="lowest accuracy of named slices of the test images"
    )
    real_world_floors: dict[str, Share] = Field(
        default_factory=dict, description="lowest accuracy on named labelled sets"
    )
    set_margin: Share = Field(
        0.01, description="accuracy loss on a labelled set that is surely not exceeded"
    )
    minimum_replayed: int = Field(
        100, ge=1, description="fewest replayed production images that decide anything"
    )
    flip_rate_cap: Share = Field(
        0.02,
        description="share of replayed images whose digit may change for the worse; "
        "fails if surely exceeded",
    )
    acceptance_drop_cap: Share = Field(
        0.03, description="drop in the share of accepted replayed images; fails if surely exceeded"
    )
    review_rise_cap: Share = Field(
        0.33,
        description="rise of the share of replayed images for review, as a share of itself; "
        "the larger of this and `acceptance_drop_cap` is allowed",
    )
    parity_cap: float = Field(
        1e-4, ge=0, description="largest difference between trained model and scoring graph"
    )
    latency_p99_cap_ms: float = Field(
        50.0, gt=0, description="slowest 99th percentile of one prediction, in milliseconds"
    )

    # Pydantic's own error names the model's internals; this one is a sentence. It is hidden from
    # the type checker so that keyword arguments stay checked.
    if not TYPE_CHECKING:

        def __init__(self, **values: Any) -> None:
            try:
                super().__init__(**values)
            except ValidationError as error:
                raise InvalidPolicy(_sentence(error)) from error

    @model_validator(mode="after")
    def _pairs_are_confusions(self) -> "Policy":
        for true, predicted in self.confusion_pairs:
            if true == predicted:
                raise ValueError(f"the pair ({true}, {predicted}) is no confusion")
        if len(set(self.confusion_pairs)) != len(self.confusion_pairs):
            raise ValueError("confusion_pairs names a pair twice")
        return self

    def changes(self) -> dict[str, Any]:
        """Return the fields that differ from the defaults, as JSON types."""
        defaults = Policy().model_dump(mode="json")
        return {
            name: value
            for name, value in self.model_dump(mode="json").items()
            if value != defaults[name]
        }


def small_sample_policy() -> Policy:
    """Return a policy for evaluations of a few hundred images, such as scikit-learn's digits.

    So few images cannot show a floor of 97 % per digit or a margin of 0.15 points, so the limits
    are those that some 360 images of a good model can show. Never use it for MNIST.
    """
    return Policy(
        version="2-small-sample",
        margin=0.02,
        macro_f1_floor=0.93,
        class_f1_floor=0.85,
        class_recall_floor=0.70,
        confusion_rate_cap=0.30,
        calibration_error_cap=0.06,
        brier_cap=0.12,
        log_loss_cap=0.30,
    )


def _sentence(error: ValidationError) -> str:
    problems = "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'policy'}: {problem['msg']} "
        f"(got {problem['input']!r})"
        for problem in error.errors(include_url=False)
    )
    return f"The promotion policy is impossible: {problems}. See docs/gates.md for the fields."
