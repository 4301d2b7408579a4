"""MLflow's own client, which takes its trust from the environment alone."""

import os

from mlflow import MlflowClient

from mnist.settings import Settings


def mlflow_client(settings: Settings) -> MlflowClient:
    """Make a client of the server that the settings name; it trusts whom they trust."""
    if settings.ca_file:
        os.environ.setdefault("MLFLOW_TRACKING_SERVER_CERT_PATH", str(settings.ca_file))
    return MlflowClient(tracking_uri=settings.mlflow_tracking_uri.rstrip("/"))
