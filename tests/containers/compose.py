"""Start the services of infra/compose.yaml with plain `podman` (4.3 is enough), for tests.

Compose's own `--wait` asks an engine that runs health checks by itself; podman leaves that to
systemd, so this asks each service by its own check. Published ports are free ones, so that other
copies do not matter.
"""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.ports import free_ports

_PODMAN = shutil.which("podman") or "podman"
_SECONDS = 300.0
_VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?:(:?[-+?])((?:[^{}]|\{[^{}]*\})*))?\}")

Service = dict[str, Any]


def interpolated(value: Any, variables: Mapping[str, str]) -> Any:
    """Fill in `${NAME}`, `${NAME:-default}`, `${NAME:+instead}` and `${NAME:?complaint}`.

    Raises:
        KeyError: If a variable is missing that is asked for with `?`.
    """
    if isinstance(value, dict):
        return {key: interpolated(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [interpolated(each, variables) for each in value]
    return _VARIABLE.sub(lambda m: _one(m, variables), value) if isinstance(value, str) else value


def _one(match: re.Match[str], variables: Mapping[str, str]) -> str:
    name, operator, rest = match.groups()
    if name is None:
        return "$"
    given = variables.get(name, "")
    if operator in {":+", "+"}:
        return rest if given else ""
    if not given and operator in {":?", "?"}:
        raise KeyError(f"{name}: {rest}")
    return given or (rest or "" if operator else "")


def podman(*arguments: str, check: bool = True) -> str:
    """Run podman and return what it says; an error shows the end of its words."""
    done = subprocess.run([_PODMAN, *arguments], capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise AssertionError(f"podman {' '.join(arguments)[:200]}: {done.stderr[-2000:]}")
    return done.stdout


def succeeds(*arguments: str) -> bool:
    """Say whether podman ends with 0."""
    done = subprocess.run([_PODMAN, *arguments], capture_output=True, check=False)
    return done.returncode == 0


class Containers:
    """The services of a compose file that have no profile.

    Args:
        file: The compose file.
        project: Begins the name of everything that is made.
        variables: What the file interpolates.
        image: Of the project, built before.
    """

    def __init__(self, file: Path, project: str, variables: Mapping[str, str], image: str) -> None:
        content = interpolated(yaml.safe_load(file.read_text()), variables)
        self.services: dict[str, Service] = {
            name: each for name, each in content["services"].items() if "profiles" not in each
        }
        self._networks = list(content["networks"])
        self._folder, self._project, self._image = file.parent, project, image
        published = [p for each in self.services.values() for p in each.get("ports", [])]
        self._ports = dict(zip(published, free_ports(len(published)), strict=True))

    def address(self, name: str) -> str:
        """Say where a service that publishes a port is reached."""
        return f"http://127.0.0.1:{self._ports[self.services[name]['ports'][0]]}"

    def up(self) -> None:
        """Start every service when those it waits for are as it wants them, and wait for all."""
        for network in self._networks:
            podman("network", "create", self._named(network))
        waiting = dict(self.services)
        while waiting:
            name = next(
                n for n, each in waiting.items() if not _needs(each).keys() & waiting.keys()
            )
            for other, condition in _needs(waiting.pop(name)).items():
                self.wait(other, condition)
            self._start(name)
        for name in self.services:
            if name != "provision":
                self.wait(name, "service_healthy")

    def down(self) -> None:
        """Remove containers, networks and volumes."""
        for name in self.services:
            podman("rm", "--force", "--volumes", "--time", "5", self._named(name), check=False)
        for network in self._networks:
            podman("network", "rm", "--force", self._named(network), check=False)
        for volume in podman("volume", "ls", "--quiet").split():
            if volume.startswith(f"{self._project}_"):
                podman("volume", "rm", "--force", volume, check=False)

    def wait(self, name: str, condition: str) -> None:
        """Wait until a service is healthy, or has ended well."""
        container, deadline = self._named(name), time.monotonic() + _SECONDS
        state = ""
        while time.monotonic() < deadline:
            state = podman(
                "inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", container
            )
            ended = state.startswith("exited")
            if condition == "service_completed_successfully" and ended:
                assert state.split()[1] == "0", f"{name}: {state}\n{self.log(name)}"
                return
            if condition == "service_healthy" and not ended and self.is_healthy(name):
                return
            time.sleep(0.5)
        raise AssertionError(f"{name} is not {condition} but {state}\n{self.log(name)}")

    def is_healthy(self, name: str) -> bool:
        """Ask a service by the check that the compose file names."""
        return succeeds("healthcheck", "run", self._named(name))

    def execute(self, name: str, *command: str) -> str:
        """Run a command in a container and return what it prints."""
        return podman("exec", self._named(name), *command)

    def answers(self, name: str, url: str) -> bool:
        """Ask for a page within a container."""
        return succeeds("exec", self._named(name), "python", "-m", "infra.healthcheck", url)

    def stop(self, name: str) -> None:
        """Stop a service."""
        podman("stop", "--time", "10", self._named(name))

    def start(self, name: str) -> None:
        """Start one that was stopped, and wait for it."""
        podman("start", self._named(name))
        self.wait(name, "service_healthy")

    def log(self, name: str) -> str:
        """Give the end of what a service has logged."""
        command = [_PODMAN, "logs", "--tail", "40", self._named(name)]
        both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.run(command, text=True, check=False, **both).stdout

    def _named(self, name: str) -> str:
        return f"{self._project}_{name}"

    def _start(self, name: str) -> None:
        service = self.services[name]
        arguments = [
            "run",
            "--detach",
            "--name",
            self._named(name),
            "--hostname",
            name,
            "--no-hosts",
        ]
        for number, network in enumerate(service.get("networks", ["default"])):
            arguments += ["--network", f"{self._named(network)}:alias={name}"]
            if number == 0:  # while containers join, its name server is silent for moments
                (found,) = json.loads(podman("network", "inspect", self._named(network)))
                arguments += ["--dns", found["subnets"][0]["gateway"], "--dns-opt", "timeout:2"]
                arguments += ["--dns-opt", "attempts:5"]
        arguments += self._limits(service)
        for key, value in (self._file_of_settings(service) | service["environment"]).items():
            arguments += ["--env", f"{key}={value}"]
        for volume in service.get("volumes", []):
            source, target = volume.split(":", 1)
            arguments += ["--volume", f"{self._source(source)}:{target}"]
        for port in service.get("ports", []):
            address, _, inner = port.rsplit(":", 2)
            arguments += ["--publish", f"{address}:{self._ports[port]}:{inner}"]
        if test := service["healthcheck"].get("test"):
            arguments += ["--health-cmd", json.dumps(test[1:]), "--health-interval", "disable"]
        image = self._image if "build" in service else service["image"]
        podman(*arguments, image, *service.get("command", []))

    def _limits(self, service: Service) -> list[str]:
        arguments = ["--read-only", "--read-only-tmpfs=false"] if service.get("read_only") else []
        for option, entries in (
            ("--tmpfs", service.get("tmpfs", [])),
            ("--cap-drop", service.get("cap_drop", [])),
            ("--security-opt", service.get("security_opt", [])),
        ):
            arguments += [word for entry in entries for word in (option, entry)]
        return arguments

    def _file_of_settings(self, service: Service) -> dict[str, str]:
        variables: dict[str, str] = {}
        for entry in service.get("env_file", []):
            file = self._folder / entry["path"]
            text = file.read_text() if file.exists() else ""
            variables |= dict(re.findall(r"^(\w+)=(.*)$", text, flags=re.MULTILINE))
        return variables

    def _source(self, source: str) -> str:
        if source.startswith("."):
            return str((self._folder / source).resolve())
        return source if source.startswith("/") else self._named(source)


def _needs(service: Service) -> dict[str, str]:
    return {name: each["condition"] for name, each in service.get("depends_on", {}).items()}
