"""Which ports a new stack listens on: those its tools are known for, or others that are free."""

from collections.abc import Callable, Mapping

from infra import seaweedfs
from infra.ports import first_taken, free_ports, holder

PREFERRED_PORTS = {
    "SEAWEEDFS_S3_PORT": 8333,
    "PREFECT_SERVER_API_PORT": 4200,
    "MLFLOW_PORT": 5000,
    "MNIST_API_PORT": 8000,
    "STREAMLIT_SERVER_PORT": 8501,
}
"""Addresses that people type get the port their tool is known for, if it is free."""

_OTHER_PORTS = (
    *seaweedfs.PORT_VARIABLES[1:],
    "PREFECT_WORKER_WEBSERVER_PORT",
    "MNIST_EVENTS_PORT",
)

PORT_NAMES = (*PREFERRED_PORTS, *_OTHER_PORTS)
"""Variables that hold a port of the stack."""


def choose_ports(already: Mapping[str, str], say: Callable[[str], None]) -> dict[str, str]:
    """Choose a port for each variable that has none yet.

    Args:
        already: Variables that have a value.
        say: Called with one line for each well-known port that another process has.

    Raises:
        Unavailable: If no free ports are left.
    """
    missing = [name for name in PORT_NAMES if name not in already]
    ports = dict(zip(missing, free_ports(len(missing)), strict=True))
    for name, port in PREFERRED_PORTS.items():
        if name not in ports:
            continue
        taken = first_taken(port)
        if taken is None:
            ports[name] = port
        else:
            say(f"{taken} is taken by {holder(taken)}, using {ports[name]} as {name}")
    return {name: str(port) for name, port in ports.items()}
