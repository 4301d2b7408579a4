"""Start processes under supervisord and wait until each does its work, or say why it does not."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.ports import GRPC_OFFSET, holder, is_free
from infra.services import STORE, Service
from infra.supervision import ProcessState, Supervisor
from mnist.errors import Unavailable

READY_SECONDS = 180.0
"""A loaded machine takes a minute for what an idle one does in ten seconds."""

_LOG_LINES = 20
_ENDED = {"backoff", "exited", "fatal", "stopped", "unknown"}


@dataclass(frozen=True)
class _Launch:
    service: Service
    pid: int
    started: float
    log_offset: int
    is_new: bool


class Starter:
    """Launches services one after the other and waits for them together.

    Args:
        supervisor: A running supervisord.
        variables: The stack's variables, with the ports.
        say: Called with one line for each service that became ready.
    """

    def __init__(
        self, supervisor: Supervisor, variables: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        self._supervisor = supervisor
        self._variables = variables
        self._say = say
        self._waiting: dict[str, _Launch] = {}

    def launch(self, *services: Service) -> bool:
        """Start those that do not run, and return at once; say whether there was any.

        Raises:
            Unavailable: If a port is taken; with the name of its holder.
        """
        started = False
        for service in services:
            log = self._supervisor.log_of(service.name)
            log_offset = log.stat().st_size if log.exists() else 0
            state = self._supervisor.states()[service.name]
            is_new = state.state in _ENDED
            if is_new:
                self._require_free_ports(service)
                self._supervisor.start_process(service.name)
                state = self._supervisor.states()[service.name]
            launch = _Launch(service, state.pid, time.monotonic(), log_offset, is_new)
            self._waiting[service.name] = launch
            started = started or is_new
        return started

    def wait(self, *services: Service) -> None:
        """Wait until these are ready; whatever else was launched must stay alive meanwhile.

        Raises:
            Unavailable: If a process ends or stays silent; with the end of its log.
        """
        while any(service.name in self._waiting for service in services):
            states = self._supervisor.states()
            for name, launch in list(self._waiting.items()):
                self._require_alive(launch, states[name])
                problem = self._problem(launch)
                if problem is None:
                    self._report(launch)
                    del self._waiting[name]
                elif time.monotonic() - launch.started > READY_SECONDS:
                    raise self._failure(launch, f"{problem} after {READY_SECONDS:.0f} s")
            time.sleep(0.1)

    def _require_free_ports(self, service: Service) -> None:
        for name in service.ports:
            port = int(self._variables[name])
            # Only the store speaks gRPC besides HTTP.
            for taken in [port, port + GRPC_OFFSET] if service is STORE else [port]:
                if not is_free(taken):
                    raise Unavailable(
                        f"Port {taken}, which {service.name} needs, is taken by {holder(taken)}. "
                        f"Stop that, or delete the line {name} in .local/env so that a free port "
                        "is chosen, and run `make up` again."
                    )

    def _require_alive(self, launch: _Launch, state: ProcessState) -> None:
        if state.state in _ENDED or state.pid != launch.pid:
            # Or supervisord would try it again behind the back of whoever reads the message.
            self._supervisor.stop_processes(launch.service.name)
            raise self._failure(launch, "ended while starting")

    def _problem(self, launch: _Launch) -> str | None:
        service = launch.service
        if service.announces is not None and launch.is_new:
            log = self._supervisor.log_of(service.name)
            if service.announces not in _read_from(log, launch.log_offset):
                return f"has not logged {service.announces!r}"
        return service.problem(self._variables)

    def _report(self, launch: _Launch) -> None:
        if launch.is_new:
            seconds = time.monotonic() - launch.started
            self._say(f"{launch.service.name} ready after {seconds:.1f} s")

    def _failure(self, launch: _Launch, what: str) -> Unavailable:
        log = self._supervisor.log_of(launch.service.name)
        last_lines = "\n".join(_read_from(log, launch.log_offset).splitlines()[-_LOG_LINES:])
        return Unavailable(
            f"{launch.service.name} {what}. Correct the cause and run `make up` again. "
            f"The end of {log}:\n{last_lines or '(it said nothing)'}"
        )


def _read_from(log: Path, offset: int) -> str:
    if not log.exists():
        return ""
    with log.open("rb") as stream:
        # A log that is shorter than it was has been rotated meanwhile.
        stream.seek(offset if offset <= log.stat().st_size else 0)
        return stream.read().decode(errors="replace")
