"""Files that computers add make no batch fail, and the receipt counts them by name."""

import io
import zipfile

import pytest

from mnist.digits import Outcome
from mnist.errors import InvalidBatch
from mnist.scoring.verification import find_problems
from tests.factories import png


@pytest.fixture
def mac_folder(inbox_bucket):
    """Twelve images as a Mac copies them to a drive that is not its own."""
    for i in range(12):
        inbox_bucket.put(f"b/{i:02d}.png", png(i % 10))
        inbox_bucket.put(f"b/._{i:02d}.png", b"\0\5\x16\7" + bytes(4_000))
    inbox_bucket.put("b/.DS_Store", b"\0\0\0\1Bud1")
    inbox_bucket.put("b/page/Thumbs.db", b"\xd0\xcf\x11\xe0")
    inbox_bucket.put("b/page/desktop.ini", b"[.ShellClassInfo]")


def zipped(*names):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, png(3))
    return content.getvalue()


@pytest.mark.usefixtures("mac_folder")
def test_twelve_images_with_their_twins_are_complete(services, results):
    receipt = services.batch_scoring.run("b", "run").receipt
    assert receipt.verdict == "complete"
    assert receipt.is_balanced
    assert receipt.outcomes == {Outcome.SCORED: 12}
    assert receipt.ignored == {"._*": 12, ".DS_Store": 1, "Thumbs.db": 1, "desktop.ini": 1}
    assert "12 `._*`" in receipt.markdown()
    assert results.receipts("b") == [receipt]
    assert not find_problems(receipt, results.parts("b"))


def test_members_of_archives_are_counted_too(services, inbox_bucket):
    names = ("s/1.png", "s/.DS_Store", "__MACOSX/s/._1.png", "__MACOSX/._s", "s/._1.png")
    inbox_bucket.put("b/one.zip", zipped(*names))
    inbox_bucket.put("b/two.zip", zipped(*names))
    inbox_bucket.put("b/._one.zip", b"twin")
    for run in ("first", "second"):  # the second remembers the table of contents
        inbox_bucket.put(f"b/{run}.png", png(1))
        receipt = services.batch_scoring.run("b", run).receipt
        assert receipt.ignored == {"__MACOSX/": 4, ".DS_Store": 2, "._*": 3}
    assert receipt.outcomes == {Outcome.SCORED: 4}


def test_a_folder_of_nothing_else_is_no_batch_to_score(services, inbox_bucket):
    inbox_bucket.put("b/.DS_Store", b"x")
    with pytest.raises(InvalidBatch, match="no image"):
        services.batch_scoring.run("b", "run")


def test_beside_the_folders_they_make_no_batch_of_loose_images(inbox, inbox_bucket):
    inbox_bucket.put(".DS_Store", b"x")
    inbox_bucket.put("b/1.png", png(1))
    assert inbox.batches() == ["b"]


def test_a_look_does_not_see_them(inbox, inbox_bucket):
    inbox_bucket.put("b/1.png", png(1))
    before, _ = inbox.look("b")
    inbox_bucket.put("b/.DS_Store", b"x")
    assert inbox.look("b")[0].digest == before.digest
