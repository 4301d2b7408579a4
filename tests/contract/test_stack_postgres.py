"""The stack as in production, on PostgreSQL: the same processes and settings, no container."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest

from infra.ports import free_ports
from infra.services import SERVICES
from infra.stack import Stack

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
PG_CTL = PROGRAMS[-1] if PROGRAMS else Path(shutil.which("pg_ctl") or "pg_ctl")

pytestmark = [
    pytest.mark.slow,
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

    pg_ctl("initdb", "--options=--username=postgres --auth=trust --no-sync")
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
