"""The store is never started unprotected, beyond loopback, or on a port that shifts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra import seaweedfs
from mnist.errors import InvalidSettings

PORTS = dict(zip(seaweedfs.PORTS, range(11_001, 11_006), strict=True))


@pytest.mark.parametrize("name", seaweedfs.SECRETS)
@pytest.mark.parametrize("value", [None, "", "short"])
def test_without_one_of_its_secrets_it_is_refused(
    tmp_path: Path, name: str, value: str | None
) -> None:
    secrets = seaweedfs.new_secrets()
    del secrets[name]
    if value is not None:
        secrets[name] = value
    with pytest.raises(InvalidSettings, match=f"without credentials; {name} must be set"):
        seaweedfs.protected_environment(secrets, tmp_path)


def test_the_launcher_ends_with_that_sentence_and_starts_nothing(tmp_path: Path) -> None:
    ports = {f"SEAWEEDFS_{name.upper()}_PORT": str(port) for name, port in PORTS.items()}
    ended = subprocess.run(
        [sys.executable, "-m", "infra.seaweedfs"],
        env={"PATH": os.defpath, "SEAWEEDFS_DIR": str(tmp_path / "store")} | ports,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("The store does not start without credentials;")
    assert len(ended.stderr.splitlines()) == 1


def test_it_sees_its_secrets_and_nobody_elses_configuration(tmp_path: Path) -> None:
    secrets = seaweedfs.new_secrets()
    given = secrets | {"HOME": "/home/somebody", "AWS_SESSION_TOKEN": "x", "WEED_GUARD": "y"}
    found = seaweedfs.protected_environment(given, tmp_path)
    own = {name: value for name, value in found.items() if not name.startswith("WEED_GRPC_")}
    assert own == secrets | {"HOME": str(tmp_path), "TMPDIR": str(tmp_path / "tmp")}


def test_each_of_its_parts_shows_a_certificate_that_exists(tmp_path: Path) -> None:
    found = seaweedfs.protected_environment(seaweedfs.new_secrets(), tmp_path)
    files = [Path(value) for name, value in found.items() if name.startswith("WEED_GRPC_")]
    assert len(files) > 10
    assert all(file.is_file() and file.stat().st_mode & 0o077 == 0 for file in files)


def test_it_can_be_told_whose_child_it_is(tmp_path: Path) -> None:
    given = seaweedfs.new_secrets() | {"SUPERVISOR_SERVER_URL": "unix:///x"}
    assert seaweedfs.protected_environment(given, tmp_path)["SUPERVISOR_SERVER_URL"] == "unix:///x"


def test_fresh_secrets_are_long_and_never_the_same() -> None:
    one, two = seaweedfs.new_secrets(), seaweedfs.new_secrets()
    assert set(one) == set(seaweedfs.SECRETS)
    assert set(one.values()).isdisjoint(two.values())
    assert len(set(one.values())) == len(one)


@pytest.mark.parametrize("port", [None, 0, 55_536])
def test_a_port_without_room_for_its_grpc_twin_is_refused(tmp_path: Path, port: int | None) -> None:
    ports = {name: number for name, number in PORTS.items() if name != "filer"}
    if port is not None:
        ports["filer"] = port
    with pytest.raises(InvalidSettings, match=f"filer port is {port}; .* between 1 and 55535"):
        seaweedfs.command(tmp_path, ports)


def test_every_port_is_given_and_every_listener_is_on_loopback(tmp_path: Path) -> None:
    words = seaweedfs.command(tmp_path, PORTS)
    assert {"-ip=127.0.0.1", "-ip.bind=127.0.0.1"} <= set(words)
    assert {f"-{name}.port={port}" for name, port in PORTS.items()} <= set(words)
