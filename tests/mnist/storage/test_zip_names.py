"""Names in zip archives: whatever program on whatever computer packed them, they read as typed."""

import shutil
import subprocess
import zipfile

import pytest

from mnist.storage.zip_directory import ZipLimits, read_directory
from tests.zips import archive, entry, unicode_path

# The second byte of 表 is a backslash.
JAPANESE = [
    "写真1.png",
    "表.png",
    "新しいフォルダー/画像003.png",
    "手書き文字/七.png",
]
CHINESE = ["照片1.png", "扫描件/数字_01.png", "新建文件夹/图像003.png", "手写体.png"]
GERMAN = ["Übung/sieben.png", "größe 3.png", "Müller_7.png"]


def names(opened):
    found = read_directory(opened, ZipLimits())
    return [member.name for member in found.members.values() if member.problem is None]


@pytest.mark.parametrize(
    ("encoding", "texts"),
    [
        ("utf-8", JAPANESE + CHINESE + GERMAN),
        ("cp437", GERMAN),
        ("cp437", ["é.png"]),
        ("cp850", [*GERMAN, "Ação/7.png"]),
        ("cp932", JAPANESE),
        ("gbk", CHINESE),
        ("gbk", ["照片1.png"]),
        ("big5", ["掃描/數字.png", "新資料夾/圖片1.png"]),
        ("cp949", ["새 폴더/사진1.png", "숫자.png"]),
        ("cp866", ["Новая папка/цифра.png", "скан 1.png"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_names_without_the_utf8_flag_read_as_they_were_typed(encoding, texts):
    assert names(archive(*(entry(text.encode(encoding)) for text in texts))) == texts


def test_six_thousand_names_are_judged_together():
    texts = [f"写真/{i}/画像{i}.png" for i in range(6_000)]
    assert names(archive(*(entry(text.encode("cp932")) for text in texts))) == texts


def test_debians_zip_keeps_names(tmp_path):
    program = shutil.which("zip")
    if program is None:
        pytest.skip("no program `zip` here")
    for name in ("sieben größe.png", "写真.png"):
        (tmp_path / name).write_bytes(b"x")
    subprocess.run([program, "-q", "-r", "s.zip", "."], cwd=tmp_path, check=True)
    with (tmp_path / "s.zip").open("rb") as opened:
        assert sorted(names(opened)) == ["sieben größe.png", "写真.png"]


def test_the_unicode_path_field_says_the_name():
    raw = b"caf_.png"
    assert names(archive(entry(raw, extra=unicode_path(raw, "café.png".encode())))) == ["café.png"]


@pytest.mark.parametrize(
    "field",
    [
        unicode_path(b"", b"other.png", crc=1),
        unicode_path(b"7.png", b"other.png", version=2),
        unicode_path(b"7.png", b"\xff.png"),
        unicode_path(b"7.png", b""),
    ],
    ids=["of another name", "another version", "not UTF-8", "empty"],
)
def test_a_unicode_path_field_that_cannot_be_meant_does_not_count(field):
    assert names(archive(entry(b"7.png", extra=field))) == ["7.png"]


def test_different_bytes_never_become_the_same_place():
    opened = archive(
        entry("ü.png".encode(), flags=0x800),
        entry(b"\x81.png"),  # ü in CP437
        entry(b"a/b.png"),
        entry(b"a\\b.png"),
    )
    assert names(opened) == ["ü.png", "%81.png", "a/b.png", "a%5Cb.png"]


def test_backslashes_between_folders_are_slashes():
    opened = archive(entry(b"scans\\"), entry(b"scans\\page 1\\7.png"))
    assert names(opened) == ["scans/page 1/7.png"]


@pytest.mark.parametrize("raw", [b"..\\up.png", b"a\\..\\b.png", b"\\\\host\\7.png", b"C:\\7.png"])
def test_backslashes_do_not_lead_out_of_the_archive(raw):
    (member,) = read_directory(archive(entry(raw)), ZipLimits()).members.values()
    assert member.problem.reason == "bad-name"
    assert member.name == raw.decode()


@pytest.mark.parametrize(("method", "name"), [(9, "Deflate64"), (14, "LZMA"), (93, "Zstandard")])
def test_another_packing_says_what_to_do(method, name):
    directory = read_directory(archive(entry(b"7.png", method=method)), ZipLimits())
    (member,) = directory.members.values()
    assert member.problem.reason == "unsupported-format"
    assert name in member.problem.detail
    assert "Deflate" in member.problem.detail.partition(";")[2]


@pytest.mark.parametrize("flags", [0, 0x800])
def test_names_that_were_read_right_before_are_the_same_object_versions(flags):
    texts = ["page/7.png", "page 1/é.png"]
    raws = [text.encode("utf-8" if flags else "cp437") for text in texts]
    opened = archive(*(entry(raw, flags=flags) for raw in raws))
    with zipfile.ZipFile(opened) as reference:
        before = [info.orig_filename for info in reference.infolist()]
    assert names(opened) == before == texts
