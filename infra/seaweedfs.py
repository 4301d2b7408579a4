"""Start SeaweedFS, an S3 store in one process, and refuse to start it unprotected.

`weed mini` lets everybody in when its environment holds no credentials, so nothing here starts it
without them. `python -m infra.seaweedfs` replaces itself by the store that the environment
describes.
"""

import os
import secrets
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from infra import identities
from infra.certificates import AUTHORITY, CERTIFICATE, KEY, ensure_certificates
from infra.ports import GRPC_OFFSET, LOOPBACK
from mnist.errors import InvalidSettings

SECRETS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    *identities.SECRETS,
    "WEED_JWT_SIGNING_KEY",
    "WEED_JWT_SIGNING_READ_KEY",
    "WEED_JWT_FILER_SIGNING_KEY",
    "WEED_JWT_FILER_SIGNING_READ_KEY",
)
"""The operator's keys, those of all identities, and keys without which the volume and filer ports
would serve what the S3 port protects."""

PORTS = ("s3", "master", "volume", "filer", "admin")
"""Listeners of one store, each with a gRPC twin at GRPC_OFFSET above."""

PORT_VARIABLES = tuple(f"SEAWEEDFS_{name.upper()}_PORT" for name in PORTS)

_GRPC_PARTS = ("MASTER", "VOLUME", "FILER", "S3", "ADMIN", "WORKER", "MQ", "CLIENT")

_SHORTEST_SECRET = 16

_IDENTITIES_FILE = "identities.json"

_TEMPORARY = "tmp"

_GRPC_SOCKETS = "/tmp/seaweedfs-{part}-grpc-{port}.sock"  # noqa: S108 -- spelled so in SeaweedFS

_NOTIFICATIONS = "WEED_NOTIFICATION_WEBHOOK_"


def new_secrets() -> dict[str, str]:
    """Make one fresh value for each name in SECRETS."""
    values = {name: secrets.token_hex(32) for name in SECRETS}
    values["AWS_ACCESS_KEY_ID"] = secrets.token_hex(10).upper()
    return values | identities.new_keys()


def command(directory: Path, ports: Mapping[str, int], address: str = LOOPBACK) -> list[str]:
    """Spell the start of a store, whose parts speak to each other on the loopback interface.

    Args:
        directory: Where the store keeps its data.
        ports: A port for each name in PORTS; left out, a busy default would shift silently.
        address: Where it listens; inside a container every address, or no other could reach it.

    Raises:
        InvalidSettings: If a port is missing or too high for its gRPC twin.
    """
    for name in PORTS:
        if not 0 < ports.get(name, 0) <= 65_535 - GRPC_OFFSET:
            raise InvalidSettings(
                f"The store's {name} port is {ports.get(name)}; it has to be between 1 and "
                f"{65_535 - GRPC_OFFSET}, because gRPC listens {GRPC_OFFSET} above it."
            )
    return [
        str(Path(sysconfig.get_path("scripts")) / "weed"),
        "-logtostderr",  # and not into files of the temporary folder as well
        "mini",
        f"-dir={directory}",
        f"-ip={LOOPBACK}",
        f"-ip.bind={address}",
        *(f"-{name}.port={ports[name]}" for name in PORTS),
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.allowDeleteBucketNotEmpty=false",
        "-s3.autoCreateBucket=false",
        f"-s3.config={directory / _IDENTITIES_FILE}",
        "-s3.iam=false",  # keys are made here, not by whoever asks the S3 port for some
        # The master's pages delete a whole bucket for anybody who asks, a web page included.
        "-disableHttp",
        "-volume.preStopSeconds=0",
        "-master.telemetry=false",
        # Relative to its folder, where it runs: a socket's path has to be short.
        *(f"-{name}.localSocket={_TEMPORARY}/{name}.sock" for name in ("s3", "filer")),
        "-webdav=false",
        "-admin.ui=false",
    ]


def remove_sockets(ports: Mapping[str, int]) -> None:
    """Remove the gRPC sockets that a store left behind; it lets nobody choose their folder.

    Args:
        ports: As they were given to `command`.
    """
    for part, port in ports.items():
        socket = _GRPC_SOCKETS.format(part=part, port=port + GRPC_OFFSET)
        Path(socket).unlink(missing_ok=True)


def ports_of(variables: Mapping[str, str]) -> dict[str, int]:
    """Read the port of each name in PORTS from the variables of a stack."""
    return dict(zip(PORTS, (int(variables[name]) for name in PORT_VARIABLES), strict=True))


def notifying(endpoint_url: str, token: str) -> dict[str, str]:
    """Give the variables that make the store announce what is written, by SeaweedFS's webhook.

    Losing a notification costs a moment, so it is tried again once and then forgotten.
    """
    return {
        f"{_NOTIFICATIONS}ENABLED": "true",
        f"{_NOTIFICATIONS}ENDPOINT": endpoint_url,
        f"{_NOTIFICATIONS}BEARER_TOKEN": token,
        f"{_NOTIFICATIONS}EVENT_TYPES": "create update rename",
        f"{_NOTIFICATIONS}PATH_PREFIXES": "/buckets/",
        f"{_NOTIFICATIONS}TIMEOUT_SECONDS": "2",
        f"{_NOTIFICATIONS}MAX_RETRIES": "1",
    }


def protected_environment(environment: Mapping[str, str], directory: Path) -> dict[str, str]:
    """Give what the store may see: its secrets, its certificates, and nobody's configuration.

    Certificates and the file of identities are written into the directory.

    Without the certificates its gRPC ports would list and delete for whoever connects.

    Raises:
        InvalidSettings: If a secret is missing or too short to be one.
    """
    missing = [name for name in SECRETS if len(environment.get(name, "")) < _SHORTEST_SECRET]
    if missing:
        raise InvalidSettings(
            f"The store does not start without credentials; {', '.join(missing)} must be set to "
            f"at least {_SHORTEST_SECRET} characters. `make up` writes them to .local/env."
        )
    passed_on = [n for n in environment if n.startswith(("SUPERVISOR_", _NOTIFICATIONS))]
    names = {*SECRETS, "PATH", "STACK_SETTINGS", *passed_on}
    kept = {name: environment[name] for name in names & environment.keys()}
    temporary = directory / _TEMPORARY
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(mode=0o700)
    names_of_buckets = identities.bucket_names(environment)
    (directory / _IDENTITIES_FILE).write_text(identities.store_configuration(names_of_buckets))
    certificates = directory / "certificates"
    ensure_certificates(certificates)
    for part in _GRPC_PARTS:
        kept[f"WEED_GRPC_{part}_CERT"] = str(certificates / CERTIFICATE)
        kept[f"WEED_GRPC_{part}_KEY"] = str(certificates / KEY)
    kept |= {"WEED_GRPC_CA": str(certificates / AUTHORITY), "TMPDIR": str(temporary)}
    return kept | {"HOME": str(directory)}


def main() -> None:
    """Become the store that the environment describes."""
    directory = Path(os.environ["SEAWEEDFS_DIR"]).resolve()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        arguments = command(
            directory, ports_of(os.environ), os.environ.get("SEAWEEDFS_ADDRESS", LOOPBACK)
        )
        environment = protected_environment(os.environ, directory)
    except InvalidSettings as error:
        sys.exit(str(error))
    os.chdir(directory)
    os.execve(arguments[0], arguments, environment)  # noqa: S606 -- a fixed list of arguments


if __name__ == "__main__":
    main()
