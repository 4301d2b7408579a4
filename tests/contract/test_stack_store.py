"""The store that everything else trusts: real SeaweedFS, closed to strangers, true to its data."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import psutil
import pytest
from botocore.exceptions import ClientError

from infra import seaweedfs
from infra import store as stores
from infra.store import Store, running_store
from mnist.errors import InvalidSettings, Unavailable


def client(store: Store, **changed: str) -> Any:
    keys = {
        "aws_access_key_id": store.keys["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": store.keys["AWS_SECRET_ACCESS_KEY"],
    }
    return boto3.client(
        "s3", endpoint_url=store.endpoint_url, region_name=store.region, **(keys | changed)
    )


def process_of(directory: Path) -> psutil.Process:
    (found,) = [
        process
        for process in psutil.process_iter(["cmdline"])
        if f"-dir={directory}" in (process.info["cmdline"] or [])
    ]
    return found


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the store keeps its data."""
    return tmp_path_factory.mktemp("data") / "store"


@pytest.fixture(scope="module")
def own_store(directory: Path) -> Iterator[Store]:
    """A store with two buckets."""
    with running_store(directory, ["inbox", "results"]) as running:
        yield running


@pytest.fixture(scope="module")
def inner_ports(own_store: Store, directory: Path) -> dict[str, int]:
    """Ports of the parts behind the S3 port, by name."""
    words = process_of(directory).cmdline()
    found = dict(word.lstrip("-").split("=", 1) for word in words if ".port=" in word)
    return {name: int(found[f"{name}.port"]) for name in ("master", "volume", "filer", "admin")}


def test_buckets_are_there_and_take_objects_at_once(own_store: Store) -> None:
    s3 = client(own_store)
    assert {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]} == {"inbox", "results"}
    s3.put_object(Bucket="inbox", Key="a/1.png", Body=b"ink")
    assert s3.get_object(Bucket="inbox", Key="a/1.png")["Body"].read() == b"ink"


def test_creating_buckets_again_changes_nothing(own_store: Store) -> None:
    client(own_store).put_object(Bucket="results", Key="kept", Body=b"1")
    stores.create_buckets(own_store.settings(), ["results", "inbox"])
    assert client(own_store).head_object(Bucket="results", Key="kept")


def test_a_bucket_that_s3_does_not_allow_is_named(own_store: Store) -> None:
    with pytest.raises(InvalidSettings, match="refused to make the bucket 'NO'"):
        stores.create_buckets(own_store.settings(), ["NO"])


def test_a_large_object_in_several_parts_comes_back_whole(own_store: Store, tmp_path: Path) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.write_bytes(bytes(range(256)) * 80_000)  # 20 MB: several parts, several chunks
    client(own_store).upload_file(str(source), "inbox", "large.zip")
    client(own_store).download_file("inbox", "large.zip", str(copy))
    assert copy.read_bytes() == source.read_bytes()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"aws_secret_access_key": "0" * 64}, "SignatureDoesNotMatch"),
        ({"aws_access_key_id": "SOMEBODYELSE00000000"}, "InvalidAccessKeyId"),
    ],
)
def test_a_wrong_key_is_refused(own_store: Store, changed: dict[str, str], code: str) -> None:
    with pytest.raises(ClientError, match=code):
        client(own_store, **changed).list_objects_v2(Bucket="inbox")


def test_without_a_key_nothing_is_served(own_store: Store) -> None:
    for path in ("/", "/inbox", "/inbox/a/1.png"):
        assert httpx.get(own_store.endpoint_url + path).status_code == 403


def test_a_misspelt_bucket_is_an_error_and_not_a_new_bucket(own_store: Store) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        client(own_store).put_object(Bucket="imbox", Key="a", Body=b"")


def test_a_bucket_with_objects_cannot_be_deleted(own_store: Store) -> None:
    client(own_store).put_object(Bucket="inbox", Key="b", Body=b"")
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        client(own_store).delete_bucket(Bucket="inbox")


def test_no_web_page_can_delete_a_bucket_behind_the_s3_port(
    own_store: Store, inner_ports: dict[str, int]
) -> None:
    """The master's page deletes a collection, which is a bucket's data, without asking who."""
    client(own_store).put_object(Bucket="inbox", Key="precious", Body=b"data" * 1_000)
    for verb in ("GET", "POST"):
        url = f"http://127.0.0.1:{inner_ports['master']}/col/delete?collection=inbox"
        assert httpx.request(verb, url).status_code >= 400
    read = client(own_store).get_object(Bucket="inbox", Key="precious")["Body"].read()
    assert read == b"data" * 1_000


def test_the_inner_ports_hand_out_no_object(own_store: Store, inner_ports: dict[str, int]) -> None:
    client(own_store).put_object(Bucket="inbox", Key="secret.txt", Body=b"letter" * 1_000)
    for name, port in inner_ports.items():
        for path in ("/buckets/inbox/secret.txt", "/1,01", "/dir/assign"):
            answer = httpx.get(f"http://127.0.0.1:{port}{path}")
            assert answer.status_code in {401, 403, 404}, (name, path, answer.status_code)


def test_the_stores_own_shell_gets_nowhere_without_its_certificate(
    own_store: Store, directory: Path, inner_ports: dict[str, int], tmp_path: Path
) -> None:
    weed = process_of(directory).exe()
    command = [
        weed,
        "shell",
        f"-master=127.0.0.1:{inner_ports['master']}",
        f"-filer=127.0.0.1:{inner_ports['filer']}",
    ]
    inside = process_of(directory).environ()
    assert "inbox" in _shell(command, inside)
    assert "inbox" not in _shell(command, {"HOME": str(tmp_path), "PATH": os.defpath})


def _shell(command: list[str], environment: dict[str, str]) -> str:
    """Ask the shell for the buckets; without a connection it asks the master for ever."""
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as shell:
        try:
            return shell.communicate("fs.ls /buckets\nexit\n", timeout=6)[0]
        except subprocess.TimeoutExpired:
            shell.kill()
            return shell.communicate()[0]


def test_it_listens_on_loopback_only(own_store: Store, directory: Path) -> None:
    listening = [
        connection.laddr.ip
        for connection in process_of(directory).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) == 2 * len(seaweedfs.PORTS)
    assert set(listening) == {"127.0.0.1"}


def test_its_secrets_are_in_no_log_and_no_command_line(own_store: Store, directory: Path) -> None:
    assert own_store.keys["AWS_SECRET_ACCESS_KEY"] not in repr(own_store)
    assert own_store.keys["AWS_SECRET_ACCESS_KEY"] not in " ".join(process_of(directory).cmdline())
    assert own_store.keys["AWS_SECRET_ACCESS_KEY"] not in (directory / "store.log").read_text()


def test_data_outlive_a_kill_and_the_old_keys_do_not(tmp_path: Path) -> None:
    with running_store(tmp_path, ["inbox"]) as first:
        client(first).put_object(Bucket="inbox", Key="a", Body=b"before the power cut")
        process_of(tmp_path).kill()
    with running_store(tmp_path) as second:
        read = client(second).get_object(Bucket="inbox", Key="a")["Body"].read()
        assert read == b"before the power cut"
        with pytest.raises(ClientError, match="InvalidAccessKeyId"):
            client(
                second,
                aws_access_key_id=first.keys["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=first.keys["AWS_SECRET_ACCESS_KEY"],
            ).list_buckets()
        process = process_of(tmp_path)
    assert not process.is_running()


def test_a_store_that_cannot_start_says_why_and_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        seaweedfs, "command", lambda *_: ["/bin/sh", "-c", "echo no space left on device; exit 3"]
    )
    with (
        pytest.raises(Unavailable, match=r"(?s)ended with code 3 .*no space left on device"),
        running_store(tmp_path),
    ):
        pass
