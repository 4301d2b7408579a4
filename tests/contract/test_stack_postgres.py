"""The stack as in production, on PostgreSQL: the same processes and settings, no container."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import psycopg2
import pytest
from sqlalchemy.engine import make_url

from infra.database_passwords import URL_VARIABLES
from infra.ports import free_ports
from infra.services import SERVICES
from infra.stack import Stack
from mnist.errors import Unavailable

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
PG_CTL = PROGRAMS[-1] if PROGRAMS else Path(shutil.which("pg_ctl") or "pg_ctl")

pytestmark = [
    pytest.mark.slow(seconds=90),
    pytest.mark.timeout(1_200),
    pytest.mark.skipif(
        not PG_CTL.exists() or shutil.which("psql") is None,
        reason="PostgreSQL's server is not installed; on Debian: apt-get install postgresql",
    ),
]

_PASSWORDS = {"PREFECT_DATABASE_PASSWORD": "prefects", "MLFLOW_DATABASE_PASSWORD": "mlflows"}


@contextmanager
def _postgres(folder: Path) -> Iterator[int]:
    """Run a server of the test's own, as nobody's superuser; the value is its port."""
    (port,) = free_ports(1)
    own = {"user": "postgres"} if os.geteuid() == 0 else {}  # it refuses to be run by root
    folder.mkdir()
    if own:
        shutil.chown(folder, "postgres")
        folder.parent.chmod(0o711)
    data = folder / "data"

    def pg_ctl(*arguments: str) -> None:
        command = [str(PG_CTL), "--silent", f"--pgdata={data}", *arguments]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **own)

    pg_ctl("initdb", "--options=--username=postgres --auth=trust --no-sync --locale=C")
    # Only its administrator, who is nobody's login here, is let in without a password.
    (data / "pg_hba.conf").write_text(
        "local all all trust\nhost all postgres 127.0.0.1/32 trust\n"
        "host all all 127.0.0.1/32 scram-sha-256\n"
    )
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    pg_ctl("start", "--wait", f"--options={options}", f"--log={folder}/log")
    try:
        yield port
    finally:
        pg_ctl("stop", "--mode=immediate")


@pytest.fixture(scope="module")
def stack() -> Iterator[tuple[Stack, Path, int]]:
    """The stack of this checkout, with databases made by the script of the compose file."""
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as folder,
        _postgres(Path(folder, "postgres")) as port,
    ):
        server = {"PGHOST": "127.0.0.1", "PGPORT": str(port)}
        script = ["sh", str(ROOT / "infra/postgres/databases.sh")]
        subprocess.run(
            script, env=os.environ | server | _PASSWORDS, check=True, stdout=subprocess.DEVNULL
        )
        directory = Path(folder).resolve() / ".local"
        directory.mkdir(mode=0o700)
        at = f"127.0.0.1:{port}"
        (directory / "env").write_text(
            "export PREFECT_SERVER_DATABASE_CONNECTION_URL="
            f"postgresql+asyncpg://prefect:prefects@{at}/prefect\n"
            f"export MLFLOW_BACKEND_STORE_URI=postgresql+psycopg2://mlflow:mlflows@{at}/mlflow\n"
            "export MLFLOW_USERS_DATABASE_URI="
            f"postgresql+psycopg2://mlflow:mlflows@{at}/mlflow_users\n"
        )
        running = Stack(ROOT, directory)
        try:
            running.up()
            yield running, directory, port
        finally:
            running.down()


def _count(port: int, database: str, table: str) -> int:
    session = psycopg2.connect(host="127.0.0.1", port=port, user="postgres", dbname=database)
    with closing(session), session.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 -- a constant below
        found: int = cursor.fetchone()[0]
    return found


def test_every_process_is_healthy_and_both_servers_keep_their_records_there(
    stack: tuple[Stack, Path, int],
) -> None:
    running, directory, port = stack
    assert {health.service.name: health.problem for health in running.health()} == {
        service.name: None for service in SERVICES
    }
    assert _count(port, "prefect", "deployment") > 5
    assert _count(port, "mlflow", "experiments") >= 1
    assert _count(port, "mlflow_users", "users") == 2
    assert not {"prefect.db", "mlflow.db", "users.db"} & {
        each.name for each in directory.rglob("*")
    }


def test_names_in_any_script_are_kept_whatever_the_locale_of_the_cluster(
    stack: tuple[Stack, Path, int],
) -> None:
    running, _, _ = stack
    variables = running.variables()
    url = f"{variables['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/experiments/create"
    login = (variables["MLFLOW_TRACKING_USERNAME"], variables["MLFLOW_TRACKING_PASSWORD"])
    answer = httpx.post(url, json={"name": "Prüfung ≥ 数字"}, auth=login)
    assert answer.status_code == 200, answer.text


def _lets_in(address: str) -> bool:
    url = make_url(address)
    try:
        psycopg2.connect(
            host=url.host,
            port=url.port,
            user=url.username,
            password=url.password,
            dbname=url.database,
        ).close()
    except psycopg2.OperationalError:
        return False
    return True


def test_after_a_rotation_only_the_new_passwords_open_the_databases(
    stack: tuple[Stack, Path, int],
) -> None:
    running, _, _ = stack
    old = running.variables()
    assert all(_lets_in(old[name]) for name in URL_VARIABLES)
    for key, process in (
        ("MLFLOW_USERS_DATABASE_URI", "mlflow"),
        ("PREFECT_SERVER_DATABASE_CONNECTION_URL", "prefect"),
    ):
        assert [service.name for service in running.rotate(key)] == [process]
    new = running.variables()
    assert all(_lets_in(new[name]) for name in URL_VARIABLES)
    assert not any(_lets_in(old[name]) for name in URL_VARIABLES)
    assert {health.problem for health in running.health()} == {None}


def test_a_password_that_postgresql_does_not_take_changes_no_key(
    stack: tuple[Stack, Path, int],
) -> None:
    running, directory, port = stack
    file = directory / "env"
    content = file.read_text()
    file.write_text(content.replace(f"127.0.0.1:{port}", "127.0.0.1:1"))
    before = running.variables()
    with pytest.raises(Unavailable, match="no key was changed"):
        running.rotate("MLFLOW_BACKEND_STORE_URI")
    assert running.variables() == before
    file.write_text(content)
