"""MLflow's two users: the administrator, and a reader who changes nothing.

Whoever only scores, shows or answers with models logs in as the reader, so that its password, once
stolen, cannot register a model or move the champion. MLflow keeps passwords in a database of its
own and reads its administrator's from the environment once; here both follow it at each start.
"""

import os
from typing import Any

READER = "reader"

PASSWORD_VARIABLE = "MLFLOW_READER_PASSWORD"  # noqa: S105 -- the name of a variable


def create_app() -> Any:
    """Make MLflow's application, with the users and passwords that the environment names.

    As `mlflow server` does, it makes the databases first: two requests at once would both try.
    """
    # Four seconds that only the server needs.
    from mlflow.server import auth  # noqa: PLC0415
    from mlflow.server.handlers import initialize_backend_stores  # noqa: PLC0415

    database = os.environ["_MLFLOW_SERVER_FILE_STORE"]
    initialize_backend_stores(database, database, os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"])
    application = auth.create_app()
    passwords = {
        os.environ["MLFLOW_TRACKING_USERNAME"]: os.environ["MLFLOW_TRACKING_PASSWORD"],
        READER: os.environ[PASSWORD_VARIABLE],
    }
    for name, password in passwords.items():
        if not auth.store.has_user(name):
            auth.store.create_user(name, password)
        elif not auth.store.authenticate_user(name, password):
            auth.store.update_user(name, password=password)
    return application
