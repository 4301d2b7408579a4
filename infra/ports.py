"""Find free TCP ports on the loopback interface and name whoever holds a taken one."""

import random
import socket

import psutil

from mnist.errors import Unavailable

LOOPBACK = "127.0.0.1"

GRPC_OFFSET = 10_000
"""SeaweedFS serves gRPC on its HTTP port plus this."""

_CANDIDATES = range(11_000, 22_000)
# Below the range (from 32768) from which Linux hands out ports to outgoing connections, also
# after GRPC_OFFSET is added: a port that is kept in a file must not be lent out meanwhile.


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port of the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: sockets of the last run that linger in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def first_taken(port: int) -> int | None:
    """Name the port, or the one at GRPC_OFFSET above it, that is not free; None if both are."""
    return next((taken for taken in (port, port + GRPC_OFFSET) if not is_free(taken)), None)


def free_ports(count: int) -> list[int]:
    """Choose different ports that are free, and free at GRPC_OFFSET above as well.

    Chosen at random, so that two stacks starting at once on one machine hardly meet.

    Raises:
        Unavailable: If the machine has not that many free ports in the range looked at.
    """
    chosen: list[int] = []
    for port in random.sample(_CANDIDATES, len(_CANDIDATES)):
        if len(chosen) == count:
            break
        if first_taken(port) is None:
            chosen.append(port)
    if len(chosen) < count:
        raise Unavailable(
            f"Found {len(chosen)} free ports between {_CANDIDATES.start} and {_CANDIDATES.stop} "
            f"on {LOOPBACK}, needed {count}; stop something that listens there."
        )
    return chosen


def holder(port: int) -> str:
    """Name the process that listens on a port, as far as the system lets us see it."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return "a process that this user may not see"
    for connection in connections:
        local = connection.laddr
        if connection.status == psutil.CONN_LISTEN and local and local.port == port:
            return _describe(connection.pid)
    return "a process that this user may not see"


def _describe(pid: int | None) -> str:
    if pid is None:
        return "a process of another user"
    try:
        process = psutil.Process(pid)
        return f"{process.name()} (pid {pid}, user {process.username()})"
    except psutil.Error:
        return f"pid {pid}"
