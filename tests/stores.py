"""S3 servers for tests: the one of the lock, and others that stand for the stores people have.

`TEST_STORE=moto make test ARGS=tests/contract` runs whatever asks for a store on another one;
`TEST_STORE=own` takes one that runs already, named by TEST_STORE_URL, TEST_STORE_KEY and
TEST_STORE_SECRET. Nothing is deleted there but buckets that the tests made.
"""

import json
import os
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import boto3
import httpx

from infra.identities import IDENTITIES, bucket_names
from infra.ports import LOOPBACK, free_ports
from infra.store import Store, running_store
from tests.waiting import eventually

_OPERATOR = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@contextmanager
def _moto(folder: Path) -> Iterator[Store]:
    """Run moto: AWS as a model in memory, with users and policies."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(port)]
    with _process(command, port, folder) as url:
        yield Store(url, _moto_keys(url))


def _moto_keys(url: str) -> dict[str, str]:
    """Make users for the operator and all identities; from then on keys and policies count."""
    anybody = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    iam = boto3.client("iam", endpoint_url=url, **anybody)
    users: list[tuple[str, tuple[str, str], Mapping[str, Any]]] = [
        ("operator", _OPERATOR, _EVERYTHING)
    ]
    users += [(i.name, i.key_variables, i.policy(bucket_names({}))) for i in IDENTITIES]
    keys = {}
    for name, (access, secret), policy in users:
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=json.dumps(policy))
        made = iam.create_access_key(UserName=name)["AccessKey"]
        keys |= {access: made["AccessKeyId"], secret: made["SecretAccessKey"]}
    httpx.post(f"{url}/moto-api/reset-auth", content=b"0", trust_env=False).raise_for_status()
    return keys


@contextmanager
def _rclone(folder: Path) -> Iterator[Store]:
    """`rclone serve s3` over a folder, as people put it before a disk or a cloud drive."""
    (port,) = free_ports(1)
    rclone = Path(sysconfig.get_path("scripts")) / "rclone"
    data = folder / "data"
    data.mkdir(parents=True)
    options = ["--config", os.devnull, "--addr", f"{LOOPBACK}:{port}", "--auth-key", "key,secret"]
    with _process([str(rclone), "serve", "s3", *options, str(data)], port, folder) as url:
        yield Store(url, _one_key("key", "secret"))


@contextmanager
def _own(_folder: Path) -> Iterator[Store]:
    """One that runs already; with one key, which may do everything."""
    keys = _one_key(os.environ["TEST_STORE_KEY"], os.environ["TEST_STORE_SECRET"])
    yield Store(os.environ["TEST_STORE_URL"], keys)


def _one_key(access_key: str, secret_key: str) -> dict[str, str]:
    """Give everybody the same key, where a store has no others."""
    pairs = [_OPERATOR, *(identity.key_variables for identity in IDENTITIES)]
    return {
        name: key
        for access, secret in pairs
        for name, key in ((access, access_key), (secret, secret_key))
    }


@contextmanager
def _process(command: list[str], port: int, folder: Path) -> Iterator[str]:
    """Run a server until the block ends, and give its address once its port is open."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "store.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        )
    try:
        eventually(lambda: process.poll() is not None or _listens(port), f"no port {port}", 60)
        assert process.poll() is None, log.read_text()[-2_000:]
        yield f"http://{LOOPBACK}:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


STORES: Mapping[str, Callable[[Path], AbstractContextManager[Store]]] = {
    "seaweedfs": running_store,
    "moto": _moto,
    "rclone": _rclone,
    "own": _own,
}
"""Name -> starts it in a folder, for the length of a `with` block."""


def chosen() -> str:
    """Name the store that tests use."""
    return os.environ.get("TEST_STORE", "seaweedfs")
