"""What was backed up can be restored elsewhere, and its receipt still verifies."""

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra import environment
from infra.__main__ import app
from infra.backup import back_up, restore
from infra.store import running_store
from mnist.errors import IntegrityError, InvalidInput
from mnist.scoring.verification import find_problems
from mnist.services import Services
from mnist.settings import Settings
from mnist.signatures import SigningKey
from mnist.storage.bucket import Bucket
from mnist.storage.current import CurrentRows
from mnist.storage.inbox import Inbox
from mnist.storage.results import Results
from mnist.storage.user_metadata import as_text
from tests.contract.test_user_metadata import put
from tests.factories import png

WHO = "Jürgen Müller, 数 🙂, " + "a long text " * 20 + "."


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A folder of local state with a database that has a row."""
    folder = tmp_path / "old" / ".local"
    (folder / "mlflow").mkdir(parents=True)
    with closing(sqlite3.connect(folder / "mlflow" / "mlflow.db")) as database:
        database.execute("CREATE TABLE aliases (name TEXT)")
        database.execute("INSERT INTO aliases VALUES ('champion')")
        database.commit()
    (folder / "mlflow" / "users.db").write_text("passwords")
    (folder / "env").write_text("export AWS_SECRET_ACCESS_KEY='secret of the old stack'\n")
    return folder


@pytest.fixture
def names(settings: Settings) -> list[str]:
    return [settings.inbox_bucket, settings.results_bucket, settings.labels_bucket]


@pytest.fixture
def backup(
    settings: Settings,
    names: list[str],
    inbox_bucket: Bucket,
    services: Services,
    directory: Path,
    tmp_path: Path,
) -> Path:
    """The backup of a stack that has scored a batch."""
    for index in range(12):
        inbox_bucket.put(f"monday/{index}.png", png(index % 10))
    inbox_bucket.put("monday/empty.png", b"")
    put(settings, "monday/0.png", png(0), {"who": WHO})
    services.batch_scoring.run("monday", "run")
    back_up(settings, names, directory, tmp_path / "backup", lambda _line: None)
    return tmp_path / "backup"


def test_a_restored_stack_has_the_rows_the_receipt_and_the_database(
    backup: Path, settings: Settings, names: list[str], inbox: Inbox, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    said: list[str] = []
    restore(backup, new, said.append)
    assert not [line for line in said if "another etag" in line]
    with running_store(new / "store") as store:
        results = Results(Bucket.on_s3(store.settings(), settings.results_bucket))
        (receipt,) = results.receipts("monday")
        assert receipt.listing.count == 13
        assert find_problems(receipt, results.parts("monday")) == ()
        restored = Inbox(Bucket.on_s3(store.settings(), settings.inbox_bucket))
        versions = {v for page in inbox.versions("monday") for v in page}
        assert {v for page in restored.versions("monday") for v in page} == versions
        again = CurrentRows(results._bucket, results, tmp_path)
        assert not again.is_behind(receipt)
        image = Bucket.on_s3(store.settings(), settings.inbox_bucket).fetch_object("monday/0.png")
        assert as_text(image.metadata) == json.dumps({"who": WHO}, ensure_ascii=False)
    with closing(sqlite3.connect(new / "mlflow" / "mlflow.db")) as database:
        assert database.execute("SELECT name FROM aliases").fetchall() == [("champion",)]


def test_what_the_old_stack_signed_counts_in_the_restored_one(
    settings: Settings, directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting = settings.model_copy(update={"trusted_keys": "ab" * 32})
    back_up(trusting, [], directory, tmp_path / "signed", lambda _line: None)
    (tmp_path / "new").mkdir()
    monkeypatch.chdir(tmp_path / "new")
    done = CliRunner().invoke(app, ["restore", str(tmp_path / "signed")])
    assert done.exit_code == 0
    variables = environment.read(tmp_path / "new" / ".local" / "env")
    present = SigningKey(variables["MNIST_SIGNING_KEY"]).public_key
    assert variables["MNIST_TRUSTED_KEYS"] == f"{'ab' * 32},{present}"


def test_no_key_and_no_password_is_in_a_backup(backup: Path) -> None:
    assert {file.name for file in backup.iterdir() if file.suffix != ".zip"} == {
        "manifest.json",
        "mlflow.db",
    }
    for file in backup.iterdir():
        assert b"secret of the old stack" not in file.read_bytes()


def test_keys_of_objects_name_no_file(backup: Path) -> None:
    for file in backup.glob("*.zip"):
        with zipfile.ZipFile(file) as archive:
            assert all(name.isdecimal() for name in archive.namelist())


def test_a_changed_backup_is_refused(backup: Path, settings: Settings, tmp_path: Path) -> None:
    file = backup / f"{settings.inbox_bucket}.zip"
    with zipfile.ZipFile(file) as archive:
        contents = [archive.read(name) for name in archive.namelist()]
    with zipfile.ZipFile(file, "w") as archive:
        for number, content in enumerate(contents):
            archive.writestr(str(number), content + b"!" if number == 3 else content)
    with pytest.raises(IntegrityError, match="is not what was saved"):
        restore(backup, tmp_path / "new", lambda _line: None)


def test_nothing_is_overwritten(
    backup: Path, directory: Path, settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=r"holds mlflow/mlflow\.db"):
        restore(backup, directory, lambda _line: None)
    with pytest.raises(InvalidInput, match="exists"):
        back_up(settings, [], directory, backup, lambda _line: None)


def test_half_a_backup_is_none(backup: Path, tmp_path: Path) -> None:
    (backup / "manifest.json").unlink()
    with pytest.raises(InvalidInput, match="no complete backup"):
        restore(backup, tmp_path / "new", lambda _line: None)
