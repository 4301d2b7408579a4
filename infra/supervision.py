"""Keep the processes of the Procfile running: supervisord, its configuration and its control.

honcho reads the Procfile here but does not run it: it ends all processes as soon as one of them
dies. supervisord starts that one again, and stays when the terminal is closed.
"""

import shlex
import shutil
import socket
import subprocess
import sysconfig
import time
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil
from supervisor.xmlrpc import Faults, SupervisorTransport

from mnist.errors import InvalidSettings, Unavailable

_DAEMON = """\
[supervisord]
identifier=mnist
directory=%(here)s
pidfile=%(here)s/supervisord.pid
logfile=%(here)s/logs/supervisord.log
logfile_maxbytes=5MB
logfile_backups=2
childlogdir=%(here)s/logs
umask=077

[unix_http_server]
file=%(here)s/supervisor.sock
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

# startsecs: one that dies younger than this is tried again with growing pauses, up to startretries
# times (about 80 minutes), instead of at once and for ever.
# stopasgroup: a worker ends together with the flow runs it started.
_PROGRAM = """
[program:{name}]
command=/bin/sh "%(here)s/run/{name}.sh"
autostart=false
autorestart=true
startsecs=10
startretries=100
stopwaitsecs={stop_seconds}
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile=%(here)s/logs/{name}.log
stdout_logfile_maxbytes=5MB
stdout_logfile_backups=3
"""

_SCRIPT = """\
#!/bin/sh
cd {root} || exit
. {environment}
export TMPDIR={temporary}
{preparation}
export PYTHONUNBUFFERED=1
exec {command}
"""

_TEMPORARY = "tmp"
"""Folder of what the processes keep only for a while; emptied when all have ended."""

_LONGEST_SOCKET_PATH = 90  # macOS allows 104 bytes, and supervisord appends its pid meanwhile
_STOP_SECONDS = 10
_DAEMON_SECONDS = 20.0


@dataclass(frozen=True)
class ProcessState:
    """What supervisord knows about one process."""

    state: str
    pid: int
    uptime_seconds: float


class Supervisor:
    """The supervisord of one folder of local state."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.socket = directory / "supervisor.sock"

    def log_of(self, name: str) -> Path:
        """Say where the output of a process goes."""
        return self._directory / "logs" / f"{name}.log"

    def configure(
        self,
        commands: Mapping[str, str],
        root: Path,
        preparations: Mapping[str, str] = MappingProxyType({}),
    ) -> bool:
        """Write configuration and scripts; say whether anything in them is new.

        Args:
            commands: What to run, by name.
            root: Where to run it.
            preparations: Lines of shell to run before, by name.

        Raises:
            InvalidSettings: If the folder's path is too long for a socket in it.
        """
        if len(bytes(self.socket)) > _LONGEST_SOCKET_PATH:
            raise InvalidSettings(
                f"{self.socket} is {len(bytes(self.socket))} bytes long and a socket's path may "
                f"have {_LONGEST_SOCKET_PATH}; move the checkout to a shorter path."
            )
        for folder in ("run", "logs"):
            (self._directory / folder).mkdir(mode=0o700, exist_ok=True)
        files = {
            self._directory / "run" / f"{name}.sh": _SCRIPT.format(
                root=shlex.quote(str(root)),
                environment=shlex.quote(str(self._directory / "env")),
                temporary=shlex.quote(str(self._directory / _TEMPORARY)),
                preparation=preparations.get(name, ""),
                command=command,
            )
            for name, command in commands.items()
        }
        files[self._configuration] = _DAEMON + "".join(
            _PROGRAM.format(name=name, stop_seconds=_STOP_SECONDS) for name in commands
        )
        stale = [f for f, text in files.items() if not f.exists() or f.read_text() != text]
        for file in stale:
            file.write_text(files[file])
            file.chmod(0o600)
        return bool(stale)

    def start(self, environment: Mapping[str, str]) -> None:
        """Start supervisord in the background, with none of its processes.

        Raises:
            Unavailable: If it does not come up; with its own words.
        """
        self.remove_temporary_files()  # of a stack that was killed
        (self._directory / _TEMPORARY).mkdir(mode=0o700)
        daemon = Path(sysconfig.get_path("scripts")) / "supervisord"
        done = subprocess.run(
            [daemon, "--configuration", self._configuration],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        deadline = time.monotonic() + _DAEMON_SECONDS
        while not self.is_running():
            if done.returncode or time.monotonic() > deadline:
                raise Unavailable(
                    f"supervisord ended with code {done.returncode} instead of answering on "
                    f"{self.socket}: {(done.stderr or done.stdout).strip()}; see "
                    f"{self._directory}/logs/supervisord.log."
                )
            time.sleep(0.02)

    def is_running(self) -> bool:
        """Say whether a supervisord answers on our socket; a file left by a dead one does not."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(self.socket))
            except OSError:
                return False
        return True

    def states(self) -> dict[str, ProcessState]:
        """Ask for the state of every process, by name."""
        return {info["name"]: _state(info) for info in self._call("getAllProcessInfo")}

    def start_process(self, name: str) -> None:
        """Start one process and return at once.

        Raises:
            Unavailable: If it cannot be started at all.
        """
        try:
            self._call("startProcess", name, False)  # noqa: FBT003 -- no keywords over XML-RPC
        except xmlrpc.client.Fault as fault:
            raise Unavailable(f"supervisord cannot start {name}: {fault.faultString}.") from fault

    def stop_processes(self, *names: str) -> None:
        """Stop processes, or give up starting them, and return when all have ended."""
        for name in names:
            try:
                self._call("stopProcess", name, False)  # noqa: FBT003 -- no keywords over XML-RPC
            except xmlrpc.client.Fault as fault:
                if fault.faultCode != Faults.NOT_RUNNING:
                    raise
        while any(state.pid for name, state in self.states().items() if name in names):
            time.sleep(0.05)  # supervisord kills them when their time is up

    def shut_down(self) -> None:
        """End supervisord, and with it whatever it still runs."""
        daemon = psutil.Process(self._call("getPID"))
        self._call("shutdown")
        try:
            daemon.wait(_STOP_SECONDS + _DAEMON_SECONDS)
        except psutil.TimeoutExpired as error:
            raise Unavailable(
                f"supervisord (pid {daemon.pid}) still runs {error.seconds:.0f} s after its "
                f"shutdown; see {self._directory}/logs/supervisord.log."
            ) from error

    def remove_temporary_files(self) -> None:
        """Delete what ended processes have left in their temporary folder."""
        shutil.rmtree(self._directory / _TEMPORARY, ignore_errors=True)

    @property
    def _configuration(self) -> Path:
        return self._directory / "supervisord.conf"

    def _call(self, method: str, *arguments: object) -> Any:
        transport = SupervisorTransport(serverurl=f"unix://{self.socket}")
        with xmlrpc.client.ServerProxy("http://supervisor", transport=transport) as server:
            return getattr(server.supervisor, method)(*arguments)


def _state(info: Mapping[str, Any]) -> ProcessState:
    uptime = float(info["now"] - info["start"]) if info["pid"] else 0.0
    return ProcessState(info["statename"].lower(), info["pid"], uptime)
