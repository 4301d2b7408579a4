"""Processes come back when they die, end when told to, and strangers are left alone."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from supervisor.datatypes import RestartUnconditionally
from supervisor.options import ServerOptions

from infra.leftovers import end_leftovers, find_leftovers
from infra.ports import free_ports
from infra.services import Service
from infra.starting import Starter
from infra.supervision import ProcessState, Supervisor
from mnist.errors import InvalidSettings, Unavailable

COMMANDS = {
    "sleeper": "sleep 600",
    "parent": "sh -c 'sleep 601 & wait'",
    "web": "python3 -m http.server --bind 127.0.0.1 $WEB_PORT",
    "broken": "sh -c 'echo the disk is full; exit 3'",
    "greeter": "sh -c 'echo settling in; sleep 0.5; echo open for business; exec sleep 602'",
}


@contextmanager
def local_state() -> Iterator[Path]:
    """Make a folder of local state under a short path: pytest's is too long for a socket."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = Path(folder).resolve()
        (port,) = free_ports(1)
        (path / "env").write_text(f"export WEB_PORT={port} COLOUR='dark blue'\n")
        yield path


@contextmanager
def running_supervisor(directory: Path) -> Iterator[Supervisor]:
    """Run a supervisord with nothing started, and leave nothing of it."""
    supervisor = Supervisor(directory)
    supervisor.configure(COMMANDS, root=directory)
    supervisor.start(os.environ)
    try:
        yield supervisor
    finally:
        if supervisor.is_running():
            supervisor.shut_down()
        end_leftovers(supervisor.socket)


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """The folder of the shared supervisord."""
    with local_state() as path:
        yield path


@pytest.fixture(scope="module")
def shared(directory: Path) -> Iterator[Supervisor]:
    """One supervisord for all tests that do not end it: ending one takes seconds."""
    with running_supervisor(directory) as running:
        yield running


@pytest.fixture
def supervisor(shared: Supervisor) -> Iterator[Supervisor]:
    """A running supervisord with nothing started."""
    yield shared
    shared.stop_processes(*COMMANDS)


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "this did not become true within 30 s"
        time.sleep(0.02)


def started(supervisor: Supervisor, name: str) -> ProcessState:
    supervisor.start_process(name)
    return supervisor.states()[name]


def variables(directory: Path) -> dict[str, str]:
    return {"WEB_PORT": (directory / "env").read_text().split("=")[1].split()[0]}


def test_nothing_runs_before_it_is_started(supervisor: Supervisor) -> None:
    assert {state.pid for state in supervisor.states().values()} == {0}


def test_a_killed_process_comes_back(supervisor: Supervisor) -> None:
    first = started(supervisor, "sleeper").pid
    psutil.Process(first).kill()
    eventually(lambda: supervisor.states()["sleeper"].pid not in {0, first})
    again = psutil.Process(supervisor.states()["sleeper"].pid)
    eventually(lambda: again.cmdline() == ["sleep", "600"])


def test_the_death_of_one_leaves_the_others_alone(supervisor: Supervisor) -> None:
    other = started(supervisor, "parent").pid
    first = started(supervisor, "sleeper").pid
    psutil.Process(first).kill()
    eventually(lambda: supervisor.states()["sleeper"].pid not in {0, first})
    assert supervisor.states()["parent"].pid == other


def test_a_stopped_process_ends_with_its_children(supervisor: Supervisor) -> None:
    parent = psutil.Process(started(supervisor, "parent").pid)
    eventually(lambda: bool(parent.children()))
    (child,) = parent.children()
    supervisor.stop_processes("parent")
    assert not parent.is_running()
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_stopping_what_does_not_run_is_harmless(supervisor: Supervisor) -> None:
    supervisor.stop_processes("sleeper")


def test_processes_read_the_file_of_credentials_and_start_in_the_checkout(
    supervisor: Supervisor, directory: Path
) -> None:
    process = psutil.Process(started(supervisor, "sleeper").pid)
    eventually(lambda: process.name() == "sleep")
    assert process.environ()["COLOUR"] == "dark blue"
    assert process.cwd() == str(directory)


def test_an_interrupt_works_though_the_shell_that_started_all_ignores_it() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in a script's `command &`
    try:
        with local_state() as directory, running_supervisor(directory) as supervisor:
            first = started(supervisor, "sleeper").pid
            eventually(lambda: psutil.Process(first).name() == "sleep")
            psutil.Process(first).send_signal(signal.SIGINT)
            eventually(lambda: supervisor.states()["sleeper"].pid != first)
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_control_socket_and_the_files_are_for_the_owner_only(
    supervisor: Supervisor, directory: Path
) -> None:
    started(supervisor, "sleeper")
    files = [supervisor.socket, directory / "supervisord.conf", directory / "run" / "web.sh"]
    for file in [*files, supervisor.log_of("sleeper")]:
        assert file.stat().st_mode & 0o077 == 0, file


def test_configuring_again_says_whether_anything_is_new() -> None:
    with local_state() as directory:
        supervisor = Supervisor(directory)
        assert supervisor.configure(COMMANDS, root=directory)
        assert not supervisor.configure(COMMANDS, root=directory)
        assert supervisor.configure(COMMANDS | {"sleeper": "sleep 700"}, root=directory)
        assert supervisor.configure({"sleeper": "sleep 700"}, root=directory)


def test_a_process_is_started_again_however_long_it_had_run() -> None:
    with local_state() as directory:
        Supervisor(directory).configure(COMMANDS, root=directory)
        options = ServerOptions()
        options.realize(["--configuration", str(directory / "supervisord.conf")])
        programs = [group.process_configs[0] for group in options.process_group_configs]
    assert {program.name for program in programs} == set(COMMANDS)
    assert {program.autorestart for program in programs} == {RestartUnconditionally}


def test_a_path_too_long_for_a_socket_is_said_before_anything_starts(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 90)
    with pytest.raises(InvalidSettings, match="move the checkout to a shorter path"):
        Supervisor(deep).configure(COMMANDS, root=tmp_path)


def test_what_outlives_its_supervisord_is_found_and_ended_and_the_next_one_starts() -> None:
    with local_state() as directory, running_supervisor(directory) as supervisor:
        orphan = psutil.Process(started(supervisor, "sleeper").pid)
        eventually(lambda: orphan.name() == "sleep")
        daemon = orphan.parent()
        assert daemon is not None
        daemon.kill()  # and its pid file and socket stay behind
        eventually(lambda: not supervisor.is_running())
        assert [process.pid for process in find_leftovers(supervisor.socket)] == [orphan.pid]
        assert end_leftovers(supervisor.socket) == [f"sleep (pid {orphan.pid})"]
        assert not orphan.is_running()
        supervisor.start(os.environ)
        assert started(supervisor, "sleeper").pid


def test_shutting_down_ends_every_process() -> None:
    with local_state() as directory, running_supervisor(directory) as supervisor:
        pids = [started(supervisor, name).pid for name in ("sleeper", "parent")]
        supervisor.shut_down()
        assert not any(psutil.pid_exists(pid) for pid in pids)


def test_the_processes_of_another_checkout_are_nobodys_leftovers(supervisor: Supervisor) -> None:
    stranger = {"SUPERVISOR_SERVER_URL": f"unix://{supervisor.socket}.other"}
    with subprocess.Popen(["/bin/sleep", "603"], env=os.environ | stranger) as other:
        try:
            eventually(lambda: psutil.Process(other.pid).name() == "sleep")
            found = {process.pid for process in find_leftovers(supervisor.socket)}
        finally:
            other.kill()
    assert other.pid not in found


def test_what_asks_is_not_its_own_leftover(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = {"SUPERVISOR_SERVER_URL": f"unix://{supervisor.socket}"}
    asked = subprocess.run(
        ["/bin/sh", "-c", '"$0" -c "$1" "$2"; true', sys.executable, _ASK, str(supervisor.socket)],
        env=os.environ | marked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.stdout == "[]\n", asked.stderr


_ASK = """
import sys
from pathlib import Path
from infra.leftovers import find_leftovers
sys.stdout.write(f"{find_leftovers(Path(sys.argv[1]))}\\n")
"""


class TestStarting:
    """A start waits for readiness, and says what keeps it from that."""

    def starter(self, supervisor: Supervisor, directory: Path, said: list[str]) -> Starter:
        return Starter(supervisor, variables(directory), said.append)

    def test_a_service_is_ready_when_it_answers(
        self, supervisor: Supervisor, directory: Path
    ) -> None:
        said: list[str] = []
        web = Service("web", ports=("WEB_PORT",), health="/")
        starter = self.starter(supervisor, directory, said)
        starter.launch(web)
        starter.wait(web)
        assert web.problem(variables(directory)) is None
        assert [line.partition(" ready")[0] for line in said] == ["web"]

    def test_a_service_that_cannot_be_asked_is_ready_when_it_says_so(
        self, supervisor: Supervisor, directory: Path
    ) -> None:
        greeter = Service("greeter", announces="open for business")
        starter = self.starter(supervisor, directory, [])
        starter.launch(greeter)
        starter.wait(greeter)
        assert "open for business" in supervisor.log_of("greeter").read_text()

    def test_what_runs_already_is_left_alone_and_not_reported(
        self, supervisor: Supervisor, directory: Path
    ) -> None:
        greeter = Service("greeter", announces="open for business")
        first = self.starter(supervisor, directory, [])
        first.launch(greeter)
        first.wait(greeter)
        pid = supervisor.states()["greeter"].pid
        said: list[str] = []
        again = self.starter(supervisor, directory, said)
        again.launch(greeter)
        again.wait(greeter)
        assert supervisor.states()["greeter"].pid == pid
        assert said == []

    def test_a_service_that_dies_is_named_with_its_last_words_and_not_tried_again(
        self, supervisor: Supervisor, directory: Path
    ) -> None:
        broken = Service("broken", announces="never says this")
        starter = self.starter(supervisor, directory, [])
        starter.launch(broken)
        with pytest.raises(Unavailable, match=r"(?s)broken ended while starting.*the disk is full"):
            starter.wait(broken)
        assert supervisor.states()["broken"].state in {"stopped", "exited", "fatal"}

    def test_a_service_that_dies_while_another_is_waited_for_is_named_too(
        self, supervisor: Supervisor, directory: Path
    ) -> None:
        greeter = Service("greeter", announces="never says this")
        broken = Service("broken", announces="nor this")
        starter = self.starter(supervisor, directory, [])
        starter.launch(greeter, broken)
        with pytest.raises(Unavailable, match="broken ended while starting"):
            starter.wait(greeter)

    def test_a_taken_port_is_said_with_its_holder_and_nothing_is_started(
        self, supervisor: Supervisor, directory: Path
    ) -> None:
        port = variables(directory)["WEB_PORT"]
        with subprocess.Popen(
            [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", port],
            stderr=subprocess.DEVNULL,
        ) as stranger:
            web = Service("web", ports=("WEB_PORT",), health="/")
            eventually(lambda: web.problem(variables(directory)) is None)
            try:
                with pytest.raises(Unavailable, match=rf"Port {port}, .* \(pid {stranger.pid}, "):
                    self.starter(supervisor, directory, []).launch(web)
            finally:
                stranger.kill()
        assert supervisor.states()["web"].pid == 0

    def test_a_silent_service_is_given_up(
        self, supervisor: Supervisor, directory: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("infra.starting.READY_SECONDS", 0.3)
        silent = Service("sleeper", announces="something")
        starter = self.starter(supervisor, directory, [])
        starter.launch(silent)
        with pytest.raises(Unavailable, match="sleeper has not logged 'something' after"):
            starter.wait(silent)
