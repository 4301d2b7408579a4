"""Start the MLflow server with a password, in one process: `python -m infra.mlflow_server`.

`mlflow server` stays as the parent of the real server, at the price of its 230 MB and of importing
everything twice (8 CPU seconds); and when that parent is killed the child keeps the port, so that
no other can take its place. So this hands the child what the parent would: MLflow's application
to uvicorn, and its options in the variables that `mlflow.server.constants` names.
"""

import os
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from infra.mlflow_users import PASSWORD_VARIABLE
from mnist.errors import InvalidSettings

_REQUIRED = (
    "MLFLOW_SERVER_DIR",
    "MLFLOW_HOST",
    "MLFLOW_PORT",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_FLASK_SERVER_SECRET_KEY",
    PASSWORD_VARIABLE,
)

_USERS = """\
[mlflow]
database_uri = {database}
default_permission = READ
# Comparing a password takes tens of milliseconds by design, and clients send it each time.
auth_cache_ttl_seconds = 60
"""


def command(environment: Mapping[str, str]) -> list[str]:
    """Spell the start of the server."""
    return [
        str(Path(sysconfig.get_path("scripts")) / "uvicorn"),
        "--factory",
        "--no-access-log",
        f"--host={environment['MLFLOW_HOST']}",
        f"--port={environment['MLFLOW_PORT']}",
        "infra.mlflow_users:create_app",
    ]


def server_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the environment that MLflow's application reads.

    Raises:
        InvalidSettings: If a variable is missing; without its password it would not be safe.
    """
    missing = [name for name in _REQUIRED if not environment.get(name)]
    if missing:
        raise InvalidSettings(
            f"The MLflow server does not start without {', '.join(missing)}; "
            "`make up` writes them to .local/env."
        )
    directory = environment["MLFLOW_SERVER_DIR"]
    return (
        _trusting(environment)
        | dict(environment)
        | _admitting(environment)
        | {
            "_MLFLOW_SERVER_FILE_STORE": environment.get(
                "MLFLOW_BACKEND_STORE_URI", f"sqlite:///{directory}/mlflow.db"
            ),
            "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
            "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
            "_MLFLOW_SERVER_ARTIFACT_DESTINATION": "s3://mlflow",
            "_MLFLOW_SGI_NAME": "uvicorn",
            "MLFLOW_AUTH_CONFIG_PATH": f"{directory}/users.ini",
            "MLFLOW_AUTH_ADMIN_USERNAME": environment["MLFLOW_TRACKING_USERNAME"],
            "MLFLOW_AUTH_ADMIN_PASSWORD": environment["MLFLOW_TRACKING_PASSWORD"],
            # Background jobs would be eight more processes, for features that are not used here.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }
    )


def _trusting(environment: Mapping[str, str]) -> dict[str, str]:
    """Let boto3, by which the server reaches its artifacts, trust whom all other clients trust."""
    ca_file = environment.get("SSL_CERT_FILE")
    return {"AWS_CA_BUNDLE": ca_file} if ca_file else {}


def _admitting(environment: Mapping[str, str]) -> dict[str, str]:
    """Let pages in that were opened under the public address, as through a proxy."""
    public = urlsplit(environment.get("MNIST_MLFLOW_PUBLIC_URL", ""))
    if not public.netloc:
        return {}
    admitted = {
        "MLFLOW_SERVER_ALLOWED_HOSTS": public.netloc,
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": f"{public.scheme}://{public.netloc}",
    }
    kept = {"MLFLOW_SERVER_ALLOWED_HOSTS": "127.0.0.1:*,localhost:*"} | dict(environment)
    return {name: ",".join(filter(None, [kept.get(name), own])) for name, own in admitted.items()}


def main() -> None:
    """Become the server that the environment describes."""
    environment = server_environment(os.environ)
    directory = Path(environment["MLFLOW_SERVER_DIR"])
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = environment.get("MLFLOW_USERS_DATABASE_URI", f"sqlite:///{directory}/users.db")
    configuration = Path(environment["MLFLOW_AUTH_CONFIG_PATH"])
    configuration.touch(mode=0o600)  # with PostgreSQL there is a password in it
    configuration.write_text(_USERS.format(database=database.replace("%", "%%")))
    os.chdir(directory)
    arguments = command(environment)
    os.execve(arguments[0], arguments, environment)  # noqa: S606 -- a fixed list of arguments


if __name__ == "__main__":
    main()
