"""MLflow's second user: it reads what the registry holds and changes nothing.

Whoever only scores, shows or answers with models logs in as this one, so that its password, once
stolen, cannot register a model or move the champion.
"""

from collections.abc import Mapping

import httpx

from mnist.errors import Unavailable

READER = "reader"

PASSWORD_VARIABLE = "MLFLOW_READER_PASSWORD"  # noqa: S105 -- the name of a variable


def ensure_reader(variables: Mapping[str, str]) -> bool:
    """Make the user, or give it the password that the variables hold; say whether it was new.

    Args:
        variables: Of the stack: address and login of MLflow's administrator, and the password.

    Raises:
        Unavailable: If MLflow refuses or does not answer.
    """
    user = {"username": READER, "password": variables[PASSWORD_VARIABLE]}
    login = (variables["MLFLOW_TRACKING_USERNAME"], variables["MLFLOW_TRACKING_PASSWORD"])
    url = f"{variables['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/users"
    try:
        with httpx.Client(auth=login, timeout=30, trust_env=False) as client:
            answer = client.get(f"{url}/get", params={"username": READER})
            if answer.status_code == httpx.codes.NOT_FOUND:
                client.post(f"{url}/create", json=user).raise_for_status()
                return True
            answer.raise_for_status()
            client.patch(f"{url}/update-password", json=user).raise_for_status()
    except httpx.HTTPError as error:
        raise Unavailable(
            f"MLflow at {variables['MLFLOW_TRACKING_URI']} did not take the user {READER!r}: "
            f"{error}; see .local/logs/mlflow.log."
        ) from error
    return False
