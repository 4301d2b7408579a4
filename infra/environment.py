"""The one file that describes the local stack: `.local/env`, to be sourced by a shell.

Secrets and ports are chosen at the first start and kept, and so is everything a person adds to
the file. What follows from them (addresses, paths) is written anew at each start, so a checkout
may be moved.
"""

import os
import re
import secrets
import shlex
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from infra import mlflow_users, seaweedfs
from infra.chosen_ports import PORT_NAMES, choose_ports
from infra.ports import GRPC_OFFSET, LOOPBACK
from infra.proxies import direct_to_loopback
from infra.shell_settings import differences
from mnist.errors import InvalidSettings
from mnist.signatures import SigningKey

FILE_NAME = "env"

EVENTS_PATH = "/store-events"
"""Where the watcher hears the store; a test holds `watcher.listener` to it."""

_HEADER = """\
# The local stack: where everything is, and the keys to it. Keep it to yourself.
#
#     . .local/env
#
# Secrets, ports and what you add are kept; addresses and paths are written anew by `make up`.
"""

_FOR_SHELLS = """\
# A login of your own would take precedence over the keys above, a proxy would not find loopback.
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_ENDPOINT_URL_S3 MLFLOW_TRACKING_TOKEN
export NO_PROXY="{loopback},localhost,${{NO_PROXY:-${{no_proxy:-::1}}}}"
export no_proxy="$NO_PROXY"
export PATH={scripts}:"$PATH"
"""

_LINE = re.compile(r"export ([A-Za-z_][A-Za-z0-9_]*)=(.*)")

_HIGHEST_PORT = 65_535

_FOREIGN = re.compile(
    r"(AWS|STORE|PREFECT|MLFLOW|STREAMLIT|DASHBOARD|WEED|SEAWEEDFS|MNIST|SUPERVISOR)_|PYTHON"
)

_KEEP_RUNS_SECONDS = str(30 * 24 * 3600)
"""What became of a batch or a model is in the store and in MLflow, not in Prefect's runs."""

_WRITTEN_ANEW = {"PATH", "NO_PROXY", "no_proxy"}


def prepare(
    root: Path,
    directory: Path,
    changes: Mapping[str, str] = MappingProxyType({}),
    say: Callable[[str], None] = lambda _line: None,
) -> dict[str, str]:
    """Write `directory`/env, keeping what it holds, and return its variables.

    Of the caller's environment only MNIST_DATA_DIR is taken over.

    Args:
        root: The checkout.
        directory: Folder for all local state; made with mode 700 if missing.
        changes: New values of some variables.
        say: Called with one line for each setting of the caller that is taken over or left out, and
            for each well-known port that another process has.

    Raises:
        InvalidSettings: If the file has a line that is not understood, or a port that is none.
        Unavailable: If no free ports are left at the first start.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = directory / FILE_NAME
    kept = (read(file) if file.exists() else {}) | dict(changes)
    data_dir = os.environ.get("MNIST_DATA_DIR", kept.get("MNIST_DATA_DIR", ""))
    chosen = new_secrets() | choose_ports(kept, say) | kept
    variables = chosen | _derived(chosen, directory) | _trusted_keys(chosen)
    variables.pop("MNIST_DATA_DIR", None)
    if data_dir:
        variables["MNIST_DATA_DIR"] = str((root / data_dir).resolve())
    _write(file, variables)
    for line in differences(variables, kept):
        say(line)
    return variables


def read(file: Path) -> dict[str, str]:
    """Read the variables of an `env` file that `prepare` wrote.

    Raises:
        InvalidSettings: If the file is missing, or an `export` line is not `NAME='value'`.
    """
    try:
        text = file.read_text()
    except FileNotFoundError as error:
        raise InvalidSettings(f"There is no {file}; `make up` writes it.") from error
    variables = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith(("#", "unset ")):
            continue
        match = _LINE.fullmatch(line.strip())
        try:
            words = shlex.split(match[2]) if match else None
        except ValueError:  # an open quote
            words = None
        if match is None or words is None or len(words) > 1:
            name = line.partition("=")[0]
            raise InvalidSettings(
                f"Line {number} of {file} begins {name[:40]!r} and is not understood; expected "
                "export NAME='value'. Correct it, or delete it to have the value chosen again."
            )
        variables[match[1]] = "".join(words)
    return {name: value for name, value in variables.items() if name not in _WRITTEN_ANEW}


def for_processes(variables: Mapping[str, str]) -> dict[str, str]:
    """Give the environment in which the stack's processes run.

    The caller's environment, without what could send a process elsewhere, and the variables.
    """
    inherited = {name: value for name, value in os.environ.items() if not _FOREIGN.match(name)}
    path = os.pathsep.join([sysconfig.get_path("scripts"), inherited.get("PATH", os.defpath)])
    return inherited | dict(variables) | direct_to_loopback(inherited) | {"PATH": path}


def new_secrets() -> dict[str, str]:
    """Make a fresh value of each secret that a stack chooses itself."""
    prefect = f"admin:{secrets.token_urlsafe(24)}"
    return seaweedfs.new_secrets() | {
        "PREFECT_API_AUTH_STRING": prefect,
        "MLFLOW_TRACKING_USERNAME": "admin",
        "MLFLOW_TRACKING_PASSWORD": secrets.token_urlsafe(24),
        mlflow_users.PASSWORD_VARIABLE: secrets.token_urlsafe(24),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_urlsafe(32),
        "DASHBOARD_VIEWER_PASSWORD": secrets.token_urlsafe(12),
        "DASHBOARD_EDITOR_PASSWORD": secrets.token_urlsafe(12),
        "DASHBOARD_SESSION_KEY": secrets.token_urlsafe(32),
        "MNIST_EVENTS_TOKEN": secrets.token_urlsafe(32),
        "MNIST_SIGNING_KEY": secrets.token_hex(32),
    }


def _derived(chosen: Mapping[str, str], directory: Path) -> dict[str, str]:
    for name in PORT_NAMES:
        highest = _HIGHEST_PORT - GRPC_OFFSET * (name in seaweedfs.PORT_VARIABLES)
        if not chosen[name].isdecimal() or not 1 <= int(chosen[name]) <= highest:
            raise InvalidSettings(
                f"{name} is {chosen[name]!r} in {directory}/env, not a port; expected a number "
                f"from 1 to {highest}. Correct it, or delete the line to have one chosen."
            )
    prefect = f"http://{LOOPBACK}:{chosen['PREFECT_SERVER_API_PORT']}"
    events = f"http://{LOOPBACK}:{chosen['MNIST_EVENTS_PORT']}{EVENTS_PATH}"
    return seaweedfs.notifying(events, chosen["MNIST_EVENTS_TOKEN"]) | {
        "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{chosen['SEAWEEDFS_S3_PORT']}",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
        "SEAWEEDFS_DIR": str(directory / "store"),
        "MLFLOW_TRACKING_URI": f"http://{LOOPBACK}:{chosen['MLFLOW_PORT']}",
        "MLFLOW_HOST": LOOPBACK,
        "MLFLOW_SERVER_DIR": str(directory / "mlflow"),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PREFECT_API_URL": f"{prefect}/api",
        "PREFECT_HOME": str(directory / "prefect"),
        "PREFECT_SERVER_API_HOST": LOOPBACK,
        "PREFECT_SERVER_API_AUTH_STRING": chosen["PREFECT_API_AUTH_STRING"],
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": prefect,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # Its pages ask the API under the address they were opened by: localhost or a proxy's.
        "PREFECT_SERVER_UI_API_URL": "/api",
        # Its newer pages ask amplitude.com for a configuration though analytics are off.
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        # A running slot of a concurrency limit outlives a restart of the server.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
            "prefect.server.concurrency.lease_storage.filesystem"
        ),
        # Prefect deletes events by itself; ended runs with their logs and artifacts only if told.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": _KEEP_RUNS_SECONDS,
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        # Both come from one lock; asking would cost each run a request, and a start its server.
        "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
        "PREFECT_WORKER_WEBSERVER_HOST": LOOPBACK,
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "STREAMLIT_SERVER_ADDRESS": LOOPBACK,
        "STREAMLIT_SERVER_HEADLESS": "true",
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "MNIST_CACHE_DIR": str(directory / "cache"),
        "MNIST_DASHBOARD_URL": _dashboard(chosen),
    }


def _dashboard(chosen: Mapping[str, str]) -> str:
    """Give the address that people use; a person may have set another than this machine's."""
    own = f"http://{LOOPBACK}:"
    kept = chosen.get("MNIST_DASHBOARD_URL", "")
    return kept if kept and not kept.startswith(own) else own + chosen["STREAMLIT_SERVER_PORT"]


def _trusted_keys(chosen: Mapping[str, str]) -> dict[str, str]:
    """Trust the key that signs now, and still those that signed before."""
    trusted = dict.fromkeys(filter(None, chosen.get("MNIST_TRUSTED_KEYS", "").split(",")))
    if seed := chosen["MNIST_SIGNING_KEY"]:
        trusted[SigningKey(seed).public_key] = None
    return {"MNIST_TRUSTED_KEYS": ",".join(trusted)}


def _write(file: Path, variables: Mapping[str, str]) -> None:
    lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(variables.items())]
    scripts = shlex.quote(sysconfig.get_path("scripts"))
    text = "\n".join([_HEADER, *lines, "", _FOR_SHELLS.format(loopback=LOOPBACK, scripts=scripts)])
    # Written beside and renamed, so that a power cut leaves the old keys or the new, never half.
    beside = file.with_suffix(".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(file)
