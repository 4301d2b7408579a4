"""What people name their objects decides nothing about files of this machine."""

from pathlib import Path

import pytest

from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.clients import control_client
from mnist.storage.results import Results
from tests.factories import OneModel, png, services_of

HOSTILE = (
    "%2e%2e%2f%2e%2e%2fescape.png",
    "~root.png",
    "$(touch escape).png",
    "`touch escape`.png",
    "C:escape.png",
    "con\n.png",
    "-rf.png",
    "<script>alert(1)</script>.png",
)


def test_no_key_becomes_a_path(
    settings: Settings,
    inbox_bucket: Bucket,
    results: Results,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "deep" / "work").mkdir(parents=True)
    (tmp_path / "model").mkdir()
    registry = OneModel(tmp_path / "model")
    scoring = services_of(settings, registry=registry).batch_scoring
    client = control_client(settings)
    for key in HOSTILE:
        client.put_object(Bucket=inbox_bucket.name, Key=f"evil/{key}", Body=png(7))
    before = {*tmp_path.rglob("*")}
    monkeypatch.chdir(tmp_path / "deep" / "work")
    receipt = scoring.run("evil", "run").receipt
    assert receipt.listing.count == len(HOSTILE)
    assert {path for path in tmp_path.rglob("*") if path not in before} <= {settings.cache_dir}
    keys = [version.key for page in results._bucket.versions() for version in page]
    assert all(key.startswith(("scores/evil/", "receipts/evil/", "current/evil.")) for key in keys)
