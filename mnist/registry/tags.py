"""Tags that every registered version carries, so that a reader needs nothing else.

And the one of experiments, which MLflow's own pages read (`mlflow/server/js`, `ExperimentKind`).
"""

EXPERIMENT_KIND = "mlflow.experimentKind"
"""What an experiment is about."""

CLASSIC_TRAINING = "custom_model_development"
"""The kind of experiments whose runs train models."""

GRAPH_SHA256 = "scoring_graph_sha256"
"""SHA-256 of the ONNX file."""

GRAPH_LOCATION = "scoring_graph_location"
"""Path of the ONNX file below MLflow's artifact root."""

ACCEPT_CONFIDENCE = "accept_confidence"
"""Lowest confidence at which a row needs no person's look."""

OOD_THRESHOLD = "ood_threshold"
"""Out-of-distribution score above which an image is unlike a digit."""

NO_DIGIT_THRESHOLD = "no_digit_threshold"
"""Out-of-distribution score above which an image is not one digit."""

VERDICT = "verdict"
"""What the gates said of this version."""

PROMOTED = "promoted"
"""Whether the decision made it champion: `true` or `false`."""

ROLLED_BACK = "rolled_back"
"""Who took this version out of production, and why."""
