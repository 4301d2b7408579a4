"""The local stack: start it, stop it, look at it. Every step is safe to repeat."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from infra import deployments, environment, rotation, seaweedfs, settings_in_use
from infra.automations import register_automations
from infra.database_passwords import passwords_told
from infra.identities import bucket_names
from infra.leftovers import end_leftovers
from infra.locks import locked, one_start_at_a_time
from infra.prefect_server import end_interrupted_runs, prefect_api
from infra.proxies import reach_loopback_directly
from infra.services import (
    API,
    DASHBOARD,
    MLFLOW,
    PREFECT,
    SERVICES,
    STOP_ORDER,
    STORE,
    WATCHER,
    WORKER,
    Service,
    commands,
    own_keys,
)
from infra.starting import Starter
from infra.store import create_buckets, publish_public_key
from infra.supervision import ProcessState, Supervisor
from mnist.settings import Settings


@dataclass(frozen=True)
class Health:
    """One process as `status` shows it.

    Attributes:
        service: Which one.
        state: None if supervisord does not run.
        address: Where it listens, if it does.
        problem: What is wrong with it; None if nothing is.
    """

    service: Service
    state: ProcessState | None
    address: str | None
    problem: str | None


class Stack:
    """The processes of one checkout, and the folder that holds all they know.

    Args:
        root: The checkout.
        directory: Folder of local state; `.local` in the checkout unless given.
        say: Called with one line for each thing that was done.
    """

    def __init__(
        self,
        root: Path,
        directory: Path | None = None,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._root = root.resolve()
        self._directory = (directory or self._root / ".local").resolve()
        self._say = say
        self._supervisor = Supervisor(self._directory)

    def up(self) -> dict[str, str]:
        """Start what does not run, wait until all of it is ready, and return its variables.

        Raises:
            InvalidSettings: If a file of the stack is not understood.
            Unavailable: If a port is taken, or a process ends or stays silent; with its log.
        """
        reach_loopback_directly()
        programs = commands(self._root / "Procfile")
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock(), self._start_alone():
            variables = environment.prepare(self._root, self._directory, say=self._say)
            processes = environment.for_processes(variables)
            self._start_supervisor(programs)
            settings_in_use.note(self._directory, variables)
            self._stop_outdated(variables)
            is_idle = not self._runs(WORKER, WATCHER)
            starter = Starter(self._supervisor, variables, self._say)
            starter.launch(STORE)
            starter.wait(STORE)
            starter.launch(PREFECT)
            starter.launch(MLFLOW, API, DASHBOARD)
            settings = Settings.of_variables(variables)
            create_buckets(settings, [*bucket_names(variables).values()])
            publish_public_key(settings)
            starter.wait(PREFECT)
            for run in end_interrupted_runs(prefect_api(variables)) if is_idle else []:
                self._say(f"run {run} marked as crashed: it was interrupted")
            starter.launch(WORKER, WATCHER)
            if deployments.register(self._root, self._directory, processes, self._say):
                self._say("deployments of prefect.yaml registered")
            if register_automations(self._root, self._directory, processes):
                self._say("automations of automations.yaml registered")
            starter.wait(*SERVICES)
        return variables

    def rotate(self, key: str) -> list[Service]:
        """Give a key a new value and start anew who is given it; name these processes.

        Flow runs of a worker or watcher that is started anew end as crashed. On a stack that does
        not run the new value counts from the next `up` on.

        Args:
            key: One of `rotation.keys`, a variable that holds one, or `rotation.ALL`.

        Raises:
            InvalidInput: If there is no such key.
            Unavailable: If PostgreSQL does not take a new password; no key has changed then. Or if
                a process does not come up again; with its log.
        """
        with self._lock():
            old = self.variables()
            values = rotation.new_values(key, old)
            with passwords_told(old, values):
                new = environment.prepare(self._root, self._directory, values)
            affected = settings_in_use.affected(old, new)
            settings_in_use.note(self._directory, new)
            if not self._supervisor.is_running():
                return []
            self._start_anew(affected, new)
        return affected

    def _start_anew(self, services: list[Service], variables: Mapping[str, str]) -> None:
        for group in STOP_ORDER:
            self._supervisor.stop_processes(
                *(service.name for service in group if service in services)
            )
        starter = Starter(self._supervisor, variables, self._say)
        for service in services:
            starter.launch(service)
            if service in {STORE, MLFLOW, PREFECT}:
                starter.wait(service)
        starter.wait(*services)
        publish_public_key(Settings.of_variables(variables))
        if {WORKER, WATCHER} <= {*services}:
            end_interrupted_runs(prefect_api(variables))

    def down(self) -> bool:
        """Stop what this stack started and leave the data; say whether anything ran."""
        if not self._directory.exists():
            return False
        with self._lock():
            return self._stop()

    def health(self) -> list[Health]:
        """Look at every process, and ask those that run whether they are ready."""
        file = self._directory / environment.FILE_NAME
        if not file.exists() or not self._supervisor.is_running():
            return [Health(service, None, None, "is not started") for service in SERVICES]
        variables = environment.read(file)
        states = self._supervisor.states()
        return [_health(service, states[service.name], variables) for service in SERVICES]

    def variables(self) -> dict[str, str]:
        """Read what `up` wrote.

        Raises:
            InvalidSettings: If it was never called.
        """
        return environment.read(self._directory / environment.FILE_NAME)

    def _runs(self, *services: Service) -> bool:
        states = self._supervisor.states()
        return any(states[service.name].pid for service in services)

    def _start_alone(self) -> AbstractContextManager[None]:
        """Let no other stack start meanwhile, unless this one has all of its ports already."""
        supervisor = self._supervisor
        if supervisor.is_running() and all(one.pid for one in supervisor.states().values()):
            return nullcontext()
        return one_start_at_a_time(self._say)

    def _stop_outdated(self, variables: Mapping[str, str]) -> None:
        """Stop the processes whose settings have changed since they started."""
        for group in STOP_ORDER:
            states = self._supervisor.states()
            outdated = [
                service.name
                for service in group
                if (pid := states[service.name].pid)
                and settings_in_use.is_outdated(service, pid, variables)
            ]
            if outdated:
                self._supervisor.stop_processes(*outdated)
                self._say(f"starting anew with changed settings: {', '.join(outdated)}")

    def _start_supervisor(self, programs: Mapping[str, str]) -> None:
        running = self._supervisor.is_running()
        preparations = {
            service.name: "\n".join(
                [own_keys(service), settings_in_use.shell_line(self._directory, service)]
            )
            for service in SERVICES
        }
        if self._supervisor.configure(programs, self._root, preparations) and running:
            self._say("the Procfile has changed: stopping what runs by the old one")
            self._stop()
            running = False
        if not running:
            for name in end_leftovers(self._supervisor.socket):
                self._say(f"ended {name}, which outlived its supervisord")
            # Without our variables: what is deleted from .local/env would live on in it.
            self._supervisor.start(environment.for_processes({}))

    def _stop(self) -> bool:
        running = self._supervisor.is_running()
        if running:
            for group in STOP_ORDER:
                names = [service.name for service in group]
                states = self._supervisor.states()
                self._supervisor.stop_processes(*(states.keys() & names))
                self._say(f"stopped {', '.join(names)}")
            self._supervisor.shut_down()
        leftovers = end_leftovers(self._supervisor.socket)
        for name in leftovers:
            self._say(f"stopped {name}")
        self._remove_traces()
        return running or bool(leftovers)

    def _remove_traces(self) -> None:
        """Delete what ended processes were to keep for a while only."""
        self._supervisor.remove_temporary_files()
        if (self._directory / environment.FILE_NAME).exists():
            seaweedfs.remove_sockets(seaweedfs.ports_of(self.variables()))

    def _lock(self) -> AbstractContextManager[None]:
        """Let one `up` or `down` at a time work on this stack; the others wait for it."""
        return locked(self._directory / "lock")


def _health(service: Service, state: ProcessState, variables: Mapping[str, str]) -> Health:
    problem = service.problem(variables) if state.pid else "does not run"
    return Health(service, state, service.address(variables), problem)
