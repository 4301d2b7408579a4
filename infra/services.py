"""How to tell that a process of the Procfile is ready, and where people find it.

Commands stand in the Procfile and nowhere else; this says what to ask the running process.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
from honcho.environ import parse_procfile

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
    """

    name: str
    ports: tuple[str, ...] = ()
    health: str | None = None
    login: tuple[str, str] | None = None
    announces: str | None = None
    page: str | None = None

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


STORE = Service(
    "store",
    ports=(
        "SEAWEEDFS_S3_PORT",
        "SEAWEEDFS_MASTER_PORT",
        "SEAWEEDFS_VOLUME_PORT",
        "SEAWEEDFS_FILER_PORT",
        "SEAWEEDFS_ADMIN_PORT",
    ),
    health="/healthz",
    page="S3 endpoint",
)
MLFLOW = Service(
    "mlflow",
    ports=("MLFLOW_PORT",),
    # Its health page is silent about the database, which the first question creates.
    health="/api/2.0/mlflow/experiments/search?max_results=1",
    login=("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"),
    page="models and runs",
)
PREFECT = Service(
    "prefect", ports=("PREFECT_SERVER_API_PORT",), health="/api/ready", page="flows and schedules"
)
API = Service("api", ports=("MNIST_API_PORT",), health="/health", page="online predictions")
DASHBOARD = Service(
    "dashboard", ports=("STREAMLIT_SERVER_PORT",), health="/_stcore/health", page="dashboard"
)
WORKER = Service("worker", ports=("PREFECT_WORKER_WEBSERVER_PORT",), health="/health")
WATCHER = Service("watcher", ports=("MNIST_EVENTS_PORT",), announces="watcher.started")

SERVICES = (STORE, MLFLOW, PREFECT, API, DASHBOARD, WORKER, WATCHER)
"""In the order of starting."""

STOP_ORDER = ((WATCHER, WORKER, DASHBOARD, API), (PREFECT, MLFLOW), (STORE,))
"""Those who ask before those who answer; each group at once."""


def commands(procfile: Path) -> dict[str, str]:
    """Read name and command of each process.

    Raises:
        InvalidSettings: If the Procfile is missing or names other processes than SERVICES.
    """
    try:
        found: dict[str, str] = dict(parse_procfile(procfile.read_text()).processes)
    except FileNotFoundError as error:
        raise InvalidSettings(f"There is no {procfile}; run this in the project's root.") from error
    expected = {service.name for service in SERVICES}
    if set(found) != expected:
        raise InvalidSettings(
            f"{procfile} names {', '.join(sorted(found))}; expected {', '.join(sorted(expected))}, "
            "as in infra/services.py, which says how to tell that each is ready."
        )
    return found
