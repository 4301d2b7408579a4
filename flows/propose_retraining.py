"""Propose a retraining: look whether there is reason for one, and start it if so."""

from prefect import flow, get_run_logger
from prefect.deployments import run_deployment

from flows.support.parameters import Text
from mnist import services

DEPLOYMENT = "retrain/default"

PARAMETERS = {"recipe": "fast", "seed": None}
"""As the weekly schedule trains: a new seed each day."""


@flow(name="propose-retraining", flow_run_name="propose-retraining-{because}")
def propose_retraining(because: Text = "schedule") -> str:
    """Start a retraining if the store holds a reason: enough new labels, or changed writing.

    Whoever proposes is not believed: labels, findings and the time of the last decision are read
    anew. Two retrainings at once are excluded by the limit of the deployment `retrain`.

    Args:
        because: What made the proposal, such as `labels` or `writing-changed`; for people.

    Returns:
        What was decided, and why.

    Raises:
        Unavailable: If the store does not answer.
    """
    is_worth_it, why = services.current().proposals.judge()
    get_run_logger().info("%s", why)
    if is_worth_it:
        run_deployment(
            DEPLOYMENT,
            parameters=PARAMETERS,
            timeout=0,
            as_subflow=False,
            tags=["proposed", f"because:{because}"],
        )
    return why
