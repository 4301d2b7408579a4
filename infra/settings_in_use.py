"""Which processes run with settings that are no longer those of `.local/env`.

A process takes its settings when it starts. What it was given is noted in its environment as a
digest, so that it can be asked of the process itself, whoever started it again meanwhile.
"""

import hashlib
import json
import shlex
from collections.abc import Mapping
from pathlib import Path

import psutil

from infra.identities import BUCKETS
from infra.services import SECRETS, SERVICES, Service

VARIABLE = "STACK_SETTINGS"
"""In the environment of each process: the digest of what it was given."""


def digest(service: Service, variables: Mapping[str, str]) -> str:
    """SHA-256 over the variables of `.local/env` that this process may look at."""
    looked_at = {
        name: value
        for name, value in variables.items()
        if name not in SECRETS - service.secret_variables
        and (name in BUCKETS.values() or not name.startswith(service.ignores))
    }
    return hashlib.sha256(json.dumps(looked_at, sort_keys=True).encode()).hexdigest()


def affected(old: Mapping[str, str], new: Mapping[str, str]) -> list[Service]:
    """Name the processes for which something changes, in the order of starting."""
    return [service for service in SERVICES if digest(service, old) != digest(service, new)]


def note(directory: Path, variables: Mapping[str, str]) -> None:
    """Write down, for the scripts that start them, what each process is given from now on."""
    for service in SERVICES:
        file = _file(directory, service)
        file.write_text(digest(service, variables))
        file.chmod(0o600)


def shell_line(directory: Path, service: Service) -> str:
    """Spell, for such a script, how to take note of it in the environment."""
    return f'export {VARIABLE}="$(cat {shlex.quote(str(_file(directory, service)))})"'


def is_outdated(service: Service, pid: int, variables: Mapping[str, str]) -> bool:
    """Tell whether a running process was given other settings than these."""
    try:
        marker = psutil.Process(pid).environ().get(VARIABLE)
    except psutil.Error:  # it has just ended
        return False
    return marker != digest(service, variables)


def _file(directory: Path, service: Service) -> Path:
    return directory / "run" / f"{service.name}.settings"
