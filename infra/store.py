"""A store of one's own for the length of a `with` block; tests and benchmarks start theirs here."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from infra import seaweedfs
from infra.healthcheck import answers
from infra.identities import Identity
from infra.ports import LOOPBACK, free_ports
from infra.proxies import reach_loopback_directly
from mnist.errors import InvalidSettings, Unavailable
from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.clients import control_client
from mnist.storage.signing import Signing

_READY_SECONDS = 60.0
_STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Store:
    """A running S3 store: where it is, and the keys to it.

    Attributes:
        endpoint_url: Its address.
        keys: Those of the operator, who may do everything, and of all identities, by variable.
        region: What clients must say.
    """

    endpoint_url: str
    keys: Mapping[str, str] = field(repr=False)
    region: str = "us-east-1"

    def environment(self) -> dict[str, str]:
        """Give the variables that boto3, obstore and our settings read."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.keys["AWS_ACCESS_KEY_ID"],
            "AWS_SECRET_ACCESS_KEY": self.keys["AWS_SECRET_ACCESS_KEY"],
            "AWS_REGION": self.region,
            "AWS_ALLOW_HTTP": "true",
        }

    def settings(self, identity: Identity | None = None) -> Settings:
        """Give settings that name this store, with the operator's key or another, no registry."""
        keys = identity.keys(self.keys) if identity else {}
        return Settings.of_variables(self.environment() | keys | {"MLFLOW_TRACKING_URI": "unset:"})


@contextmanager
def running_store(directory: Path, buckets: Sequence[str] = ()) -> Iterator[Store]:
    """Run a store on free ports of the loopback interface until the block ends.

    Args:
        directory: Where data and log go; made if missing. A store started there again finds
            its data, under new credentials.
        buckets: Names of buckets to create.

    Raises:
        Unavailable: If the store ends or stays silent instead of becoming ready; with its log.
    """
    reach_loopback_directly()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    ports = dict(zip(seaweedfs.PORTS, free_ports(len(seaweedfs.PORTS)), strict=True))
    keys = seaweedfs.new_secrets()
    log = directory / "store.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            seaweedfs.command(directory, ports),
            cwd=directory,
            env=seaweedfs.protected_environment(os.environ | keys, directory),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    store = Store(f"http://{LOOPBACK}:{ports['s3']}", keys)
    try:
        _wait_until_ready(process, store.endpoint_url, log)
        create_buckets(store.settings(), buckets)
        yield store
    finally:
        _stop(process)
        seaweedfs.remove_sockets(ports)


def create_buckets(settings: Settings, names: Sequence[str]) -> None:
    """Create the buckets that are not there yet.

    Raises:
        InvalidSettings: If the store refuses one, as it does with names that S3 does not allow.
    """
    client = control_client(settings)
    for name in names:
        try:
            client.create_bucket(Bucket=name)
        except (client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
            continue
        except client.exceptions.ClientError as error:
            raise InvalidSettings(
                f"The store at {settings.s3_endpoint_url} refused to make the bucket {name!r}: "
                f"{error}"
            ) from error


def publish_public_key(settings: Settings) -> bool:
    """Put the public key of what signs beside the results, once; say whether it was new."""
    return Signing.of(Bucket.on_s3(settings, settings.results_bucket), settings).publish()


def _wait_until_ready(process: subprocess.Popen[bytes], endpoint_url: str, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not answers(f"{endpoint_url}/healthz"):
        code = process.poll()
        if code is not None or time.monotonic() > deadline:
            what = "was silent" if code is None else f"ended with code {code}"
            last_lines = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            raise Unavailable(
                f"The store at {endpoint_url} {what} instead of answering within "
                f"{_READY_SECONDS:.0f} s; the end of {log}:\n{last_lines}"
            )
        time.sleep(0.02)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
