"""How to tell that a process of the Procfile is ready, and where people find it.

Commands stand in the Procfile and nowhere else; this says what to ask the running process, and
which keys it is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
from honcho.environ import parse_procfile

from infra import identities, seaweedfs
from infra.identities import Identity
from infra.mlflow_users import PASSWORD_VARIABLE, READER
from infra.ports import LOOPBACK
from mnist.errors import InvalidSettings


@dataclass(frozen=True)
class Service:
    """A process of the local stack.

    Attributes:
        name: Its name in the Procfile.
        ports: Variables that hold the ports it listens on; the first one answers `health`.
        health: Path that answers 2xx when the process does its work; None: being alive suffices.
        login: Variables that hold name and password for `health`, if it asks for them.
        announces: What it logs when ready, for one that cannot be asked.
        page: What its address is to people; None if it has none for them.
        identity: Whose key to the store it has; None if it has none.
        reads_models: Whether it logs in to MLflow as the reader, who can change nothing.
        secrets: Variables with the other secrets that it is given; of all others it knows nothing.
        ignores: Beginnings of variables that it never looks at: a change of one needs no restart.
    """

    name: str
    ports: tuple[str, ...] = ()
    health: str | None = None
    login: tuple[str, str] | None = None
    announces: str | None = None
    page: str | None = None
    identity: Identity | None = None
    reads_models: bool = False
    secrets: tuple[str, ...] = ()
    ignores: tuple[str, ...] = ()

    @property
    def secret_variables(self) -> frozenset[str]:
        """Variables of the stack that hold its secrets, by whatever name it gets them."""
        keys = self.identity.key_variables if self.identity else ()
        password = {PASSWORD_VARIABLE} if self.reads_models else set()
        return frozenset({*self.secrets, *keys, *password})

    def address(self, variables: Mapping[str, str]) -> str | None:
        """Say where it listens, if it does."""
        return f"http://{LOOPBACK}:{variables[self.ports[0]]}" if self.ports else None

    def problem(self, variables: Mapping[str, str]) -> str | None:
        """Ask it whether it is ready and say what is wrong, or None if nothing is.

        One that cannot be asked has no problem as long as it lives.
        """
        if self.health is None:
            return None
        login = (variables[self.login[0]], variables[self.login[1]]) if self.login else None
        url = f"{self.address(variables)}{self.health}"
        try:
            answer = httpx.get(url, auth=login, timeout=10, trust_env=False)
        except httpx.TransportError:
            return "does not answer"
        return None if answer.is_success else f"answers {answer.status_code}"


_OF_THE_STORE = ("SEAWEEDFS_", "WEED_")
_OF_PAGES = ("DASHBOARD_", "STREAMLIT_")
_OURS = ("MNIST_", "KERAS_", "TF_", *_OF_PAGES)

STORE = Service(
    "store",
    ports=seaweedfs.PORT_VARIABLES,
    health="/healthz",
    page="S3 endpoint",
    secrets=(*seaweedfs.SECRETS, "WEED_NOTIFICATION_WEBHOOK_BEARER_TOKEN"),
    ignores=(*_OURS, "MLFLOW_", "PREFECT_"),
)
MLFLOW = Service(
    "mlflow",
    ports=("MLFLOW_PORT",),
    # Its health page is silent about the database, which the first question creates.
    health="/api/2.0/mlflow/experiments/search?max_results=1",
    login=("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"),
    page="models and runs",
    identity=identities.REGISTRY,
    secrets=(
        "MLFLOW_TRACKING_PASSWORD",
        PASSWORD_VARIABLE,
        "MLFLOW_FLASK_SERVER_SECRET_KEY",
        "MLFLOW_BACKEND_STORE_URI",
        "MLFLOW_USERS_DATABASE_URI",
    ),
    ignores=(*_OURS, *_OF_THE_STORE, "PREFECT_"),
)
PREFECT = Service(
    "prefect",
    ports=("PREFECT_SERVER_API_PORT",),
    health="/api/ready",
    page="flows and schedules",
    secrets=(
        "PREFECT_SERVER_API_AUTH_STRING",
        "PREFECT_API_AUTH_STRING",
        "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    ),
    ignores=(*_OURS, *_OF_THE_STORE, "MLFLOW_"),
)
API = Service(
    "api",
    ports=("MNIST_API_PORT",),
    health="/health",
    page="online predictions",
    identity=identities.API,
    reads_models=True,
    secrets=("MNIST_API_KEY",),
    ignores=(*_OF_PAGES, *_OF_THE_STORE),
)
DASHBOARD = Service(
    "dashboard",
    ports=("STREAMLIT_SERVER_PORT",),
    health="/_stcore/health",
    page="dashboard",
    identity=identities.VIEWER,
    reads_models=True,
    secrets=(
        "PREFECT_API_AUTH_STRING",
        "DASHBOARD_VIEWER_PASSWORD",
        "DASHBOARD_EDITOR_PASSWORD",
        "DASHBOARD_SESSION_KEY",
    ),
    ignores=_OF_THE_STORE,
)
WORKER = Service(
    "worker",
    ports=("PREFECT_WORKER_WEBSERVER_PORT",),
    health="/health",
    identity=identities.TRAINER,
    secrets=("MLFLOW_TRACKING_PASSWORD", "PREFECT_API_AUTH_STRING", "MNIST_SIGNING_KEY"),
    ignores=(*_OF_PAGES, *_OF_THE_STORE),
)
WATCHER = Service(
    "watcher",
    ports=("MNIST_EVENTS_PORT",),
    announces="watcher.started",
    identity=identities.SCORER,
    reads_models=True,
    secrets=(
        "PREFECT_API_AUTH_STRING",
        "MNIST_EVENTS_TOKEN",
        "MNIST_SIGNING_KEY",
        "MNIST_WEBHOOK_URL",
        "MNIST_WEBHOOK_SECRET",
    ),
    ignores=(*_OF_PAGES, *_OF_THE_STORE),
)

SERVICES = (STORE, MLFLOW, PREFECT, API, DASHBOARD, WORKER, WATCHER)
"""In the order of starting."""

SECRETS = frozenset({"NOTIFY_URL", *(name for service in SERVICES for name in service.secrets)})
"""Every variable of the stack that holds a secret."""

STOP_ORDER = ((WATCHER, WORKER, DASHBOARD, API), (PREFECT, MLFLOW), (STORE,))
"""Those who ask before those who answer; each group at once."""


def own_keys(service: Service) -> str:
    """Spell, for a shell that knows every variable, how to keep only what this process may know."""
    own: dict[str, str] = {}
    if service.identity is not None:
        access, secret = service.identity.key_variables
        own |= {"AWS_ACCESS_KEY_ID": f"${access}", "AWS_SECRET_ACCESS_KEY": f"${secret}"}
    if service.reads_models:
        own |= {
            "MLFLOW_TRACKING_USERNAME": READER,
            "MLFLOW_TRACKING_PASSWORD": f"${PASSWORD_VARIABLE}",
        }
    lines = [f'export {name}="{value}"' for name, value in own.items()]
    foreign = SECRETS - {*service.secrets, *own}
    return "\n".join([*lines, f"unset {' '.join(sorted(foreign))}"])


def commands(procfile: Path) -> dict[str, str]:
    """Read name and command of each process.

    Raises:
        InvalidSettings: If the Procfile is missing or names other processes than SERVICES.
    """
    try:
        programs: dict[str, str] = dict(parse_procfile(procfile.read_text()).processes)
    except FileNotFoundError as error:
        raise InvalidSettings(f"There is no {procfile}; run this in the project's root.") from error
    expected = {service.name for service in SERVICES}
    if set(programs) != expected:
        raise InvalidSettings(
            f"{procfile} names {', '.join(sorted(programs))}; expected "
            f"{', '.join(sorted(expected))}, as in "
            "infra/services.py, which says how to tell that each is ready."
        )
    return programs
