"""`.local/env` is private, is read alike by a shell and by us, and keeps what it once said."""

import os
import re
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from infra import chosen_ports, environment
from infra.ports import LOOPBACK
from infra.seaweedfs import SECRETS
from mnist.errors import InvalidSettings
from mnist.settings import Settings


@pytest.fixture(autouse=True)
def _no_data_dir(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MNIST_DATA_DIR", raising=False)


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A folder of local state that does not exist yet."""
    return tmp_path / "check out's" / ".local"


def sourced(file: Path, extra: dict[str, str] | None = None) -> dict[str, str]:
    """Ask a real shell what it has after sourcing the file."""
    shell = subprocess.run(
        ["/bin/sh", "-c", '. "$1" && env -0', "sh", file],
        env={"PATH": "/usr/bin:/bin"} | (extra or {}),
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(pair.split("=", 1) for pair in shell.stdout.rstrip("\0").split("\0"))


def test_only_the_owner_may_read_the_file_and_its_folder(tmp_path: Path, local: Path) -> None:
    environment.prepare(tmp_path, local)
    assert stat.S_IMODE((local / "env").stat().st_mode) == 0o600
    assert stat.S_IMODE(local.stat().st_mode) == 0o700


def test_a_shell_reads_what_we_read(tmp_path: Path, local: Path) -> None:
    variables = environment.prepare(tmp_path, local)
    assert environment.read(local / "env") == variables
    assert variables.items() <= sourced(local / "env").items()


def test_the_second_start_changes_nothing(tmp_path: Path, local: Path) -> None:
    first = environment.prepare(tmp_path, local)
    text = (local / "env").read_text()
    assert environment.prepare(tmp_path, local) == first
    assert (local / "env").read_text() == text


def test_two_stacks_share_no_secret(tmp_path: Path) -> None:
    one = environment.prepare(tmp_path, tmp_path / "one")
    two = environment.prepare(tmp_path, tmp_path / "two")
    names = [*SECRETS, "PREFECT_API_AUTH_STRING", "MLFLOW_TRACKING_PASSWORD"]
    names += ["DASHBOARD_VIEWER_PASSWORD", "DASHBOARD_EDITOR_PASSWORD", "DASHBOARD_SESSION_KEY"]
    assert {one[name] for name in names}.isdisjoint(two[name] for name in names)
    assert min(len(one[name]) for name in names) >= 16


def test_what_a_person_adds_or_changes_is_kept(tmp_path: Path, local: Path) -> None:
    environment.prepare(tmp_path, local)
    with (local / "env").open("a") as file:
        file.write("export MNIST_SWEEP_SECONDS='2.5'\nexport MLFLOW_PORT=12345\n")
    variables = environment.prepare(tmp_path, local)
    assert variables["MNIST_SWEEP_SECONDS"] == "2.5"
    assert variables["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:12345"
    assert sourced(local / "env")["MNIST_SWEEP_SECONDS"] == "2.5"


def test_a_port_whose_line_is_deleted_is_chosen_again_and_nothing_else(
    tmp_path: Path, local: Path
) -> None:
    before = environment.prepare(tmp_path, local)
    file = local / "env"
    lines = [line for line in file.read_text().splitlines() if "SEAWEEDFS_ADMIN_PORT" not in line]
    file.write_text("\n".join(lines))
    after = environment.prepare(tmp_path, local)
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"SEAWEEDFS_ADMIN_PORT"}


def test_a_known_port_that_is_taken_is_told_with_its_holder_and_the_port_used_instead(
    tmp_path: Path, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server((LOOPBACK, 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setitem(chosen_ports.PREFERRED_PORTS, "MNIST_API_PORT", taken)
        said: list[str] = []
        variables = environment.prepare(tmp_path, local, say=said.append)
    used = variables["MNIST_API_PORT"]
    (line,) = [line for line in said if "MNIST_API_PORT" in line]
    assert re.match(rf"{taken} is taken by .+ \(pid {os.getpid()}, .*\), using {used} as ", line)


def test_a_checkout_that_was_moved_gets_its_new_paths_and_its_old_keys(tmp_path: Path) -> None:
    before = environment.prepare(tmp_path, tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    after = environment.prepare(tmp_path, tmp_path / "new")
    assert after["SEAWEEDFS_DIR"] == str(tmp_path / "new" / "store")
    assert after["AWS_SECRET_ACCESS_KEY"] == before["AWS_SECRET_ACCESS_KEY"]


def test_the_folder_of_mnist_is_taken_from_the_caller_kept_and_given_up(
    tmp_path: Path, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "MNIST_DATA_DIR" not in environment.prepare(tmp_path, local)
    monkeypatch.setenv("MNIST_DATA_DIR", str(tmp_path / "idx"))
    environment.prepare(tmp_path, local)
    monkeypatch.delenv("MNIST_DATA_DIR")
    assert environment.prepare(tmp_path, local)["MNIST_DATA_DIR"] == str(tmp_path / "idx")
    monkeypatch.setenv("MNIST_DATA_DIR", "")
    assert "MNIST_DATA_DIR" not in environment.prepare(tmp_path, local)


def test_sourcing_it_takes_the_place_of_a_login_of_ones_own(tmp_path: Path, local: Path) -> None:
    environment.prepare(tmp_path, local)
    mine = {"AWS_SESSION_TOKEN": "x", "AWS_PROFILE": "work", "NO_PROXY": "intranet", "PATH": "/bin"}
    found = sourced(local / "env", mine)
    assert "AWS_SESSION_TOKEN" not in found
    assert "AWS_PROFILE" not in found
    assert found["NO_PROXY"] == found["no_proxy"] == "127.0.0.1,localhost,intranet"
    assert found["PATH"].endswith(":/bin")


def test_sourcing_it_suffices_for_the_settings(
    tmp_path: Path, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.prepare(tmp_path, local).items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert (
        settings.s3_endpoint_url
        == f"http://127.0.0.1:{sourced(local / 'env')['SEAWEEDFS_S3_PORT']}"
    )
    assert settings.mlflow_username == "admin"
    assert settings.cache_dir == local / "cache"


@pytest.mark.parametrize(
    "line", ["export MLFLOW_PORT='5000", "MLFLOW_PORT=5000", "export A=1 B=2", "rm -rf /"]
)
def test_a_line_that_is_not_understood_is_named(tmp_path: Path, local: Path, line: str) -> None:
    environment.prepare(tmp_path, local)
    file = local / "env"
    number = len(file.read_text().splitlines()) + 1
    with file.open("a") as stream:
        stream.write(line + "\n")
    with pytest.raises(InvalidSettings, match=rf"Line {number} of .*/env begins"):
        environment.prepare(tmp_path, local)


def test_a_broken_line_with_a_secret_does_not_show_the_secret(tmp_path: Path, local: Path) -> None:
    environment.prepare(tmp_path, local)
    with (local / "env").open("a") as stream:
        stream.write("export AWS_SECRET_ACCESS_KEY='hunter2\n")
    with pytest.raises(InvalidSettings) as caught:
        environment.read(local / "env")
    assert "hunter2" not in str(caught.value)


def test_a_port_that_is_no_number_is_named(tmp_path: Path, local: Path) -> None:
    environment.prepare(tmp_path, local)
    with (local / "env").open("a") as file:
        file.write("export MLFLOW_PORT='five'\n")
    with pytest.raises(InvalidSettings, match="MLFLOW_PORT is 'five'"):
        environment.prepare(tmp_path, local)


@pytest.mark.parametrize(
    ("line", "highest"),
    [
        ("MNIST_API_PORT=99999", 65_535),
        ("MLFLOW_PORT=0", 65_535),
        ("STREAMLIT_SERVER_PORT=-1", 65_535),
        ("SEAWEEDFS_S3_PORT=60000", 55_535),  # its gRPC port is 10,000 above
    ],
)
def test_a_port_that_no_server_can_listen_on_is_named(tmp_path, local, line, highest) -> None:
    environment.prepare(tmp_path, local)
    with (local / "env").open("a") as file:
        file.write(f"export {line}\n")
    name, _, value = line.partition("=")
    with pytest.raises(InvalidSettings, match=f"{name} is '{value}'.*from 1 to {highest}"):
        environment.prepare(tmp_path, local)


def test_before_the_first_start_the_reader_is_sent_to_make_up(local: Path) -> None:
    with pytest.raises(InvalidSettings, match="`make up` writes it"):
        environment.read(local / "env")


def test_processes_do_not_inherit_what_could_send_them_elsewhere(
    tmp_path: Path, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "x")
    monkeypatch.setenv("PREFECT_PROFILE", "cloud")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/company.pem")
    monkeypatch.setenv("NO_PROXY", "intranet")
    found = environment.for_processes(environment.prepare(tmp_path, local))
    assert found.keys().isdisjoint({"AWS_SESSION_TOKEN", "PREFECT_PROFILE", "PYTHONPATH"})
    assert found["SSL_CERT_FILE"] == "/etc/company.pem"
    assert found["NO_PROXY"] == "127.0.0.1,localhost,::1,intranet"
    assert found["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")


def test_everything_but_the_store_and_the_pages_avoids_well_known_ports(
    tmp_path: Path, local: Path
) -> None:
    variables = environment.prepare(tmp_path, local)
    inner = ["MASTER", "VOLUME", "FILER", "ADMIN"]
    assert all(int(variables[f"SEAWEEDFS_{name}_PORT"]) >= 11_000 for name in inner)


def test_the_example_documents_every_variable(tmp_path: Path, local: Path) -> None:
    example = (Path(__file__).parents[2] / ".env.example").read_text()
    documented = {line.lstrip("#").partition("=")[0] for line in example.splitlines()}
    of_settings = {each for names in Settings.variables().values() for each in names}
    assert of_settings <= documented
    assert environment.prepare(tmp_path, local).keys() <= documented


def test_a_setting_of_the_shell_that_is_not_used_is_said_by_name_and_never_by_value(
    tmp_path: Path, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    environment.prepare(tmp_path, local)
    environment.prepare(tmp_path, local, say=said.append)
    assert said == []
    monkeypatch.setenv("MNIST_API_KEY", "hush-hush")
    monkeypatch.setenv("MNIST_DATA_DIR", str(tmp_path))
    environment.prepare(tmp_path, local, say=said.append)
    assert [line.partition(" ")[0] for line in said] == ["MNIST_DATA_DIR", "MNIST_API_KEY"]
    assert "not used" in said[1]
    assert "hush-hush" not in "".join(said)
    environment.prepare(tmp_path, local, say=said.append)
    assert len(said) == 3  # what was taken over is no news
