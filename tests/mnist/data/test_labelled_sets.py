"""Labelled images of one's own, from folders."""

import pytest

from mnist.data.labelled_sets import load_labelled_sets
from mnist.errors import InvalidDataset
from mnist.images import Limits
from tests.factories import digit_images, png


def put(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_no_folder_means_no_sets():
    assert load_labelled_sets(None, Limits()) == {}


def test_every_set_has_its_images_and_their_digits(tmp_path):
    put(tmp_path, "forms/4/a.png", png(4))
    put(tmp_path, "forms/9/b.png", png(9))
    put(tmp_path, "forms/9/broken.png", b"not an image")
    put(tmp_path, "photos/1/c.png", png(1))
    sets = load_labelled_sets(tmp_path, Limits())
    assert sorted(sets) == ["forms", "photos"]
    assert sets["forms"].labels.tolist() == [4, 9]
    assert (sets["photos"].images[0] == digit_images([1])[0]).mean() > 0.99


ROWS = "file,label\nä.png,4\nb.png,9\n"
SEMICOLONS = ROWS.replace(",", ";")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(ROWS.encode("utf-8-sig"), id="UTF-8 with a mark"),
        pytest.param(ROWS.encode("utf-16"), id="UTF-16"),
        pytest.param(ROWS.encode("utf-16-le"), id="UTF-16 without a mark"),
        pytest.param(ROWS.encode("utf-16-be"), id="UTF-16, big end first, without a mark"),
        pytest.param(ROWS.replace(",", "\t").encode("utf-16"), id="Unicode text of Excel"),
        pytest.param(ROWS.encode("cp1252"), id="CP1252"),
        pytest.param(SEMICOLONS.encode("cp1252"), id="CP1252 with semicolons"),
        pytest.param(SEMICOLONS.replace("\n", "\r\n").encode("utf-8-sig"), id="semicolons"),
        pytest.param(b"sep=;\r\n" + SEMICOLONS.encode(), id="the separator named first"),
        pytest.param(ROWS.replace("\n", "\r").encode(), id="lines of old Macs"),
        pytest.param(b"File,Label\n\xc3\xa4.png,4\nb.png,9\n", id="File,Label"),
        pytest.param(b" FILE , LABEL \n\xc3\xa4.png , 4 \n b.png,9\n", id="blanks"),
        pytest.param("file,label\nä.png,4.0\nb.png,9.00\n".encode(), id="7.0"),
        pytest.param("file;label\nä.png;4,0\nb.png;9,0\n".encode(), id="7,0"),
        pytest.param("file,label,\nä.png,4,\nb.png,9,\n".encode(), id="a trailing comma"),
        pytest.param("file,label\nä.png,4,,\nb.png,9,,\n".encode(), id="more cells than names"),
        pytest.param("file,label\n\nä.png,4\n,\n  ,  \nb.png,9\n\n".encode(), id="empty lines"),
        pytest.param('"file","label"\n"ä.png","4"\n"b.png","9"\n'.encode(), id="quotes"),
        pytest.param("label,file\n4,ä.png\n9,b.png\n".encode(), id="another order"),
        pytest.param("file,label\na\u0308.png,4\nb.png,9\n".encode(), id="ä in two, as on a Mac"),
        pytest.param("file,label\n.\\ä.png,4\n.\\b.png,9\n".encode(), id="backslashes"),
    ],
)
def test_a_list_made_with_excel_is_read(tmp_path, content):
    put(tmp_path, "forms/ä.png", png(4))
    put(tmp_path, "forms/b.png", png(9))
    put(tmp_path, "forms/labels.csv", content)
    assert load_labelled_sets(tmp_path, Limits())["forms"].labels.tolist() == [4, 9]


def test_missing_files_of_a_list_are_named(tmp_path):
    put(tmp_path, "forms/a.png", png(4))
    put(tmp_path, "forms/labels.csv", b"file,label\na.png,4\nb.png,9\nc.png,9\n")
    with pytest.raises(InvalidDataset, match=r"line 3 names 'b\.png'.*is not there.*2 such lines"):
        load_labelled_sets(tmp_path, Limits())


@pytest.mark.parametrize(
    ("label", "message"),
    [("7.5", "'7.5'"), ("10", "'10'"), ("", "''"), ("seven", "'seven'"), ("-1", "'-1'")],
)
def test_a_label_that_is_no_digit_is_named_with_its_line(tmp_path, label, message):
    put(tmp_path, "forms/a.png", png(4))
    put(tmp_path, "forms/labels.csv", f"file,label\n\na.png,{label}\n".encode())
    with pytest.raises(InvalidDataset, match=f"line 3 has the label {message}"):
        load_labelled_sets(tmp_path, Limits())


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\0\0", b"PK\3\4 a workbook", b"file\xff\n", b'file,label\n"' + b"x" * 200_000],
    ids=["empty", "zeros", "a workbook", "one column", "an endless cell"],
)
def test_what_is_no_list_is_named(tmp_path, content):
    put(tmp_path, "forms/labels.csv", content)
    with pytest.raises(InvalidDataset, match=r"labels\.csv"):
        load_labelled_sets(tmp_path, Limits())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("forms/four/a.png", b"", "'four'"),
        ("forms/4/a.png", b"text", "no usable image"),
        ("forms/labels.csv", b"file,digit\na.png,4\n", "no column label"),
        ("forms/labels.csv", b"file,label\na.png,4\nb.png,B\n", "line 3 has the label 'B'"),
        ("forms/labels.csv", b"file,label\n../a.png,4\n", "outside its folder"),
    ],
)
def test_what_cannot_be_a_set_is_named(tmp_path, name, content, message):
    put(tmp_path, name, content)
    with pytest.raises(InvalidDataset, match=message):
        load_labelled_sets(tmp_path, Limits())


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InvalidDataset, match="MNIST_REAL_WORLD_DIR"):
        load_labelled_sets(tmp_path / "nowhere", Limits())


def test_a_list_gives_the_whole_set_and_each_of_its_kinds(tmp_path):
    put(tmp_path, "strangers/a.png", png(4))
    put(tmp_path, "strangers/deep/b.png", png(9))
    put(
        tmp_path,
        "strangers/labels.csv",
        b"file,label,kind,licence\na.png,4,scan,MIT\ndeep/b.png,9,photo,MIT\n",
    )
    sets = load_labelled_sets(tmp_path, Limits())
    assert {name: images.labels.tolist() for name, images in sets.items()} == {
        "strangers": [4, 9],
        "strangers/photo": [9],
        "strangers/scan": [4],
    }


def test_a_list_without_kinds_is_one_set(tmp_path):
    put(tmp_path, "strangers/a.png", png(4))
    put(tmp_path, "strangers/labels.csv", b"file,label\na.png,4\n")
    assert list(load_labelled_sets(tmp_path, Limits())) == ["strangers"]


def test_a_fresh_volume_holds_no_sets(tmp_path):
    (tmp_path / "lost+found").mkdir()
    assert load_labelled_sets(tmp_path, Limits()) == {}


def test_what_computers_add_to_folders_is_no_image_and_no_digit(tmp_path):
    put(tmp_path, "forms/4/a.png", png(4))
    for name in ("forms/4/._a.png", "forms/4/Thumbs.db", "forms/__MACOSX/4/a.png", "__MACOSX/._x"):
        put(tmp_path, name, png(9))
    sets = load_labelled_sets(tmp_path, Limits())
    assert {name: images.labels.tolist() for name, images in sets.items()} == {"forms": [4]}
