"""What the stack asks of its own Prefect server."""

from collections.abc import Mapping

from mnist.orchestrator import PrefectApi

_UNFINISHED = ("RUNNING", "PENDING", "CANCELLING")


def prefect_api(variables: Mapping[str, str]) -> PrefectApi:
    """Open the server of a stack; the proxy of the environment does not know it."""
    name, _, password = variables["PREFECT_API_AUTH_STRING"].partition(":")
    return PrefectApi(variables["PREFECT_API_URL"], (name, password), trust_env=False)


def end_interrupted_runs(api: PrefectApi) -> list[str]:
    """Mark as crashed the runs that the server takes for running; return their names.

    Meant for the start of a whole stack, when nothing can be running yet: whoever executed them
    ended with the last one. Left alone they would hold their places in concurrency limits, and
    the next training would be cancelled for the sake of one that is dead.
    """
    query = {"flow_runs": {"state": {"type": {"any_": _UNFINISHED}}}, "limit": 200}
    message = "The local stack was stopped or lost its power while this ran."
    runs = api.request("POST", "/flow_runs/filter", query)
    for run in runs:
        state = {"state": {"type": "CRASHED", "name": "Crashed", "message": message}}
        api.request("POST", f"/flow_runs/{run['id']}/set_state", state)
    return [run["name"] for run in runs]
