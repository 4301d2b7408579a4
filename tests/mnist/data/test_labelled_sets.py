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


def test_what_computers_add_to_folders_is_no_image_and_no_digit(tmp_path):
    put(tmp_path, "forms/4/a.png", png(4))
    for name in ("forms/4/._a.png", "forms/4/Thumbs.db", "forms/__MACOSX/4/a.png", "__MACOSX/._x"):
        put(tmp_path, name, png(9))
    sets = load_labelled_sets(tmp_path, Limits())
    assert {name: images.labels.tolist() for name, images in sets.items()} == {"forms": [4]}
