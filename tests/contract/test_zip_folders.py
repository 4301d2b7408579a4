"""A zip archive in the inbox is a folder: each member gets its row, whatever is wrong with it."""

import io
import struct
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mnist.digits import Outcome
from mnist.storage import zip_folders
from mnist.storage.inbox import Inbox
from mnist.storage.zip_directory import ZipLimits, read_directory
from tests.factories import png, services_of
from tests.zips import archive, entry


def packed(members: dict[str, bytes] | list[tuple[str, bytes]], method=zipfile.ZIP_DEFLATED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # duplicate names are what we test
        for name, member in members.items() if isinstance(members, dict) else members:
            info = zipfile.ZipInfo(name)
            info.filename = name  # the constructor mends what attackers do not
            archive.writestr(info, member, method)
    return content.getvalue()


def digits(count):
    return {f"page/{i:03d}.png": png(i % 10, mark=i % 200) for i in range(count)}


def score(services, run="run"):
    return services.batch_scoring.run("b", run).receipt


def by_key(results):
    return {row["key"]: row for row in results.rows("b").to_pylist()}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_every_member_is_scored_exactly_once(services, inbox_bucket, results, method):
    inbox_bucket.put("b/scans.zip", packed(digits(25), method))
    inbox_bucket.put("b/plain.png", png(3))
    receipt = score(services)
    assert receipt.outcomes == {Outcome.SCORED: 26}
    assert receipt.is_balanced
    rows = by_key(results)
    assert rows["b/scans.zip!page/013.png"]["digit"] == 3
    assert score(services, "again") == receipt


def test_another_archive_of_that_name_is_another_set_of_versions(services, inbox_bucket, results):
    inbox_bucket.put("b/scans.zip", packed({"1.png": png(1)}))
    score(services)
    inbox_bucket.put("b/scans.zip", packed({"1.png": png(7)}))
    receipt = score(services, "run-2")
    assert receipt.outcomes == {Outcome.SCORED: 1}
    assert [version.key for version in receipt.unlisted] == ["b/scans.zip!1.png"]


def test_bad_members_get_a_row_with_a_reason_and_the_others_are_scored(
    services, inbox_bucket, results
):
    inner = packed({"deep.png": png(1)})
    content = packed(
        [
            ("good.png", png(1)),
            ("twice.png", png(2)),
            ("twice.png", png(3)),
            ("../up.png", png(4)),
            ("/top.png", png(4)),
            ("C:\\win.png", png(4)),
            ("inner.zip", inner),
            ("empty.png", b""),
            ("text.png", b"no image"),
            ("folder/", b""),
            ("__MACOSX/._good.png", b"resource fork"),
            ("_READY", b""),
        ]
    )
    inbox_bucket.put("b/s.zip", content)
    score(services)
    rows = [
        (r["key"].partition("!")[2], r["reason"], r["digit"]) for r in results.rows("b").to_pylist()
    ]
    assert sorted(rows, key=str) == sorted(
        [
            ("good.png", None, 1),
            ("twice.png", None, 2),
            ("twice.png", "bad-name", None),
            ("../up.png", "bad-name", None),
            ("/top.png", "bad-name", None),
            ("C:\\win.png", "bad-name", None),
            ("inner.zip", "unsupported-format", None),
            ("empty.png", "empty", None),
            ("text.png", "not-an-image", None),
        ],
        key=str,
    )


def test_names_of_any_program_are_scored_under_the_name_that_was_typed(
    services, inbox_bucket, results
):
    opened = archive(
        entry("写真/表.png".encode("cp932"), content=png(1)),
        entry("写真/七.png".encode("cp932"), content=png(7)),
        entry(b"page 2\\3.png", content=png(3)),
        entry(b"page 2\\", content=b""),
    )
    inbox_bucket.put("b/s.zip", opened.getvalue())
    inbox_bucket.put("b/mac.zip", archive(entry("größe.png".encode(), content=png(4))).getvalue())
    assert score(services).outcomes == {Outcome.SCORED: 4}
    assert {key: row["digit"] for key, row in by_key(results).items()} == {
        "b/s.zip!写真/表.png": 1,
        "b/s.zip!写真/七.png": 7,
        "b/s.zip!page 2/3.png": 3,
        "b/mac.zip!größe.png": 4,
    }


def test_encrypted_and_oddly_packed_members_are_named(services, inbox_bucket, results):
    content = bytearray(packed({"1.png": png(1), "2.png": png(2), "3.png": png(3)}))
    entries = [i for i in range(len(content)) if content[i : i + 4] == b"PK\x01\x02"]
    content[entries[0] + 8] |= 1  # general purpose flag: encrypted
    struct.pack_into("<H", content, entries[1] + 10, zipfile.ZIP_LZMA)
    inbox_bucket.put("b/s.zip", bytes(content))
    score(services)
    assert [row["reason"] for row in by_key(results).values()] == [
        "encrypted",
        "unsupported-format",
        None,
    ]


def test_bombs_and_lies_are_rejected_without_being_unpacked(services, inbox_bucket, results):
    bomb = packed({"bomb.bmp": b"BM" + bytes(3_000_000), "good.png": png(5)})
    lying = bytearray(packed({"lies.png": png(1)}))
    entry = lying.index(b"PK\x01\x02")
    struct.pack_into("<L", lying, entry + 24, 10)  # declared size
    inbox_bucket.put("b/bomb.zip", bomb)
    inbox_bucket.put("b/lies.zip", bytes(lying))
    services.inbox = Inbox(inbox_bucket, ZipLimits(max_ratio=100))
    score(services)
    rows = by_key(results)
    assert rows["b/bomb.zip!bomb.bmp"]["reason"] == "too-large"
    assert rows["b/bomb.zip!good.png"]["digit"] == 5
    assert rows["b/lies.zip!lies.png"]["reason"] == "corrupt"


def test_a_broken_empty_or_overfull_archive_is_one_row(services, inbox_bucket, results):
    whole = packed(digits(9))
    inbox_bucket.put("b/cut.zip", whole[: len(whole) // 2])
    inbox_bucket.put("b/none.zip", packed({}))
    inbox_bucket.put("b/many.zip", packed(digits(6)))
    inbox_bucket.put("b/zero.zip", b"")
    inbox_bucket.put("b/text.zip", b"no archive at all")
    inbox_bucket.put("b/digit.zip", png(4))
    services.inbox = Inbox(inbox_bucket, ZipLimits(max_members=5))
    receipt = score(services)
    assert receipt.is_balanced
    assert {key: row["reason"] or row["digit"] for key, row in by_key(results).items()} == {
        "b/cut.zip": "corrupt",
        "b/none.zip": "empty",
        "b/many.zip": "too-large",
        "b/zero.zip": "empty",
        "b/text.zip": "not-an-image",
        "b/digit.zip": 4,
    }


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (packed(digits(25)), "has 25 members; at most 20 are read"),
        (packed({"x" * 900 + f"{i}.png": b"" for i in range(10)}), "a table of contents of"),
        (b"PK" + bytes(9_000), "cannot be opened: File is not a zip file"),
        (bytes(9_000), "9000 bytes and no zip archive; at most 1000 are accepted"),
    ],
    ids=["members", "table of contents", "damaged", "none"],
)
def test_an_archive_larger_than_an_image_may_be_is_rejected_for_what_is_wrong_with_it(
    settings, services, inbox_bucket, results, content, detail
):
    services.settings = settings.model_copy(update={"max_image_bytes": 1_000})
    limits = ZipLimits(max_members=20, max_directory_bytes=8_000, max_plain_bytes=1_000)
    services.inbox = Inbox(inbox_bucket, limits)
    assert len(content) > 1_000
    inbox_bucket.put("b/scans.zip", content)
    score(services)
    assert detail in by_key(results)["b/scans.zip"]["detail"]


def test_an_archive_may_be_larger_than_an_image(settings, services, inbox_bucket, results):
    services.settings = settings.model_copy(update={"max_image_bytes": 1_000})
    inbox_bucket.put("b/scans.zip", packed(digits(25)))
    assert score(services).outcomes == {Outcome.SCORED: 25}


def test_an_archive_that_is_overwritten_or_deleted_meanwhile_is_named(
    services, inbox_bucket, results
):
    inbox_bucket.put("b/s.zip", packed(digits(12)))

    def overwritten(_score, chunks):
        listed = list(chunks)
        inbox_bucket.put("b/s.zip", packed(digits(3)))
        other = services_of(services.settings, registry=services.registry)
        return map(other.batch_scoring.score, listed)

    run = services.batch_scoring.run("b", "run", map=overwritten)
    assert run.receipt.outcomes == {Outcome.SUPERSEDED: 12}


def test_a_member_is_read_alone_as_any_object(inbox, inbox_bucket):
    inbox_bucket.put("b/hey!.zip!/s.ZIP", packed(digits(4)))
    versions = [version for page in inbox.versions("b") for version in page]
    assert [inbox.fetch(version) for version in versions] == list(digits(4).values())


def test_random_damage_never_stops_a_batch(services, inbox_bucket):
    whole = packed(digits(5))
    random = np.random.default_rng(0)
    for i in range(12):
        damaged = bytearray(whole)
        for place in random.integers(0, len(whole), 12):
            damaged[place] = random.integers(0, 256)
        inbox_bucket.put(f"b/{i:02d}.zip", bytes(damaged))
    receipt = score(services)
    assert receipt.is_balanced
    assert receipt.listing.count >= 12


def test_readers_side_by_side_read_a_table_of_contents_once(inbox_bucket, monkeypatch):
    inbox_bucket.put("b/scans.zip", packed(digits(200)))
    (versions,) = Inbox(inbox_bucket).versions("b")
    reads = []

    def noted(archive, limits):
        reads.append(archive)
        return read_directory(archive, limits)

    monkeypatch.setattr(zip_folders, "read_directory", noted)
    inbox = Inbox(inbox_bucket)  # nobody has asked this one for anything yet
    with ThreadPoolExecutor(8) as pool:
        contents = list(pool.map(inbox.fetch, versions[:40]))
    assert contents == list(digits(40).values())
    assert len(reads) == 1
