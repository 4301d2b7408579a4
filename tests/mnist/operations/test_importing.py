"""Labelled sets on their way into the store: everything is looked at, then all or nothing."""

import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from mnist.data.added import EVALUATES
from mnist.data.datasets import load_sklearn_digits
from mnist.data.set_uses import Use
from mnist.errors import IntegrityError, InvalidDataset, InvalidInput
from mnist.images.native import as_native
from mnist.operations import set_images
from mnist.operations.importing import Importing
from mnist.operations.set_images import SetImages
from mnist.storage.stored_sets import StoredSets
from mnist.training.recipes import Recipe
from tests.factories import InMemory, png

RECIPE = Recipe("any", "deep-cnn", epochs=1)
TEST = load_sklearn_digits().test


@pytest.fixture
def parts(tmp_path, monkeypatch) -> InMemory:
    """Services in memory; scikit-learn's digits stand in for MNIST."""
    monkeypatch.delenv("MNIST_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "no-keras"))
    monkeypatch.setattr("mnist.data.datasets._download", lambda _path: False)
    return InMemory(fallback_digits=True)


@pytest.fixture
def importing(parts) -> Importing:
    return Importing(parts)


def put(folder: Path, files: dict[str, bytes]) -> str:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return str(folder)


def ten(start: int = 1) -> dict[str, bytes]:
    """Ten images of each digit, in folders, none like another."""
    return {
        f"{digit}/{mark}.png": png(digit, mark)
        for digit in range(10)
        for mark in range(start, start + 10)
    }


def zipped(files: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


def test_a_folder_of_digits_is_imported_whole(parts, importing, tmp_path):
    report, manifest = importing.run(put(tmp_path / "own", ten()), "own", Use.TRAIN, "ada")
    assert (report.listed, report.kept, report.refusals) == (100, 100, [])
    assert manifest.who == "ada"
    (added,) = SetImages(parts).to_train(RECIPE, TEST, {})
    assert (added.name, added.who, added.images.n) == ("own", "ada", 100)
    assert np.bincount(added.images.labels).tolist() == [10] * 10


@pytest.mark.parametrize("top", ["", "my scans/"], ids=["at the top", "in a folder"])
@pytest.mark.parametrize("where", ["a zip", "a prefix", "a zip in the store"])
def test_archive_and_prefix_give_the_same_set(parts, importing, tmp_path, where, top):
    importing.run(put(tmp_path / "own", ten()), "folder", Use.EVALUATE, "ada")
    files = {top + name: content for name, content in ten().items()}
    if where == "a prefix":
        for name, content in files.items():
            parts.bucket("inbox").put(f"monday/{name}", content)
        place = "s3://inbox/monday"
    elif where == "a zip":
        (tmp_path / "own.zip").write_bytes(zipped(files))
        place = str(tmp_path / "own.zip")
    else:
        parts.bucket("labels").put("uploads/own.zip", zipped(files))
        place = "s3://labels/uploads/own.zip"
    report, _ = importing.run(place, "other", Use.EVALUATE, "ada")
    assert report.refusals == []
    sets = SetImages(parts).to_evaluate()
    order = {name: sorted(map(bytes, map(np.ravel, sets[name].images))) for name in sets}
    assert order["folder"] == order["other"]


def test_a_list_says_label_kind_writer_and_use(parts, importing, tmp_path):
    files = {f"images/{n}.png": png(n, 50 + n) for n in range(6)}
    rows = "\r\n".join(
        f"images\\{n}.png;{n},0;{kind};w{n % 2};{use}"
        for n, kind, use in zip(
            range(6), ["photo"] * 2 + ["scan"] * 4, ["evaluate"] * 4 + [""] * 2, strict=True
        )
    )
    files["labels.csv"] = f"file;label;kind;writer;use\r\n{rows}\r\n".encode("utf-16")
    report, _ = importing.run(put(tmp_path, files), "own", Use.TRAIN, "ada")
    assert (report.total(Use.EVALUATE), report.total(Use.TRAIN)) == (4, 2)
    sets = SetImages(parts).to_evaluate()
    assert {name: images.n for name, images in sets.items()} == {
        "own": 4,
        "own/photo": 2,
        "own/scan": 2,
    }
    assert len(set(sets["own"].writers.tolist())) == 2


def test_writers_are_kept_apart_for_ever(parts, importing, tmp_path):
    def grown(writers):
        files = {f"{w}-{n}.png": png(n, 10 * w + 1) for w in writers for n in range(10)}
        lines = [f"{w}-{n}.png,{n},hand {w}" for w in writers for n in range(10)]
        files["labels.csv"] = "\n".join(["file,label,writer", *lines]).encode()
        return put(tmp_path / f"set-{len(writers)}", files)

    _, first = importing.run(grown([1, 2, 3]), "own", Use.SPLIT, "ada")
    report, second = importing.run(grown([3, 2, 1, 4, 5, 6]), "own", Use.SPLIT, "ada")
    assert {*first.writers.values()} == {Use.TRAIN, Use.EVALUATE}
    assert second.writers.items() >= first.writers.items()
    assert (report.total(Use.TRAIN), report.total(Use.EVALUATE)) == (30, 30)
    assert not report.left_out


def test_without_writers_the_content_decides_and_decides_the_same_again(parts, importing, tmp_path):
    place = put(tmp_path, ten())
    report, _ = importing.run(place, "own", Use.SPLIT, "ada")
    again, _ = importing.run(place, "own", Use.SPLIT, "ada")
    assert report.images == again.images
    assert 30 < report.total(Use.EVALUATE) < 70


LEAK = next(image for image in TEST.images if as_native(image) is not None)
"""A test image that is decoded as it is, as all of MNIST's are."""


def amiss(kind: str) -> tuple[dict[str, bytes], str]:
    """A set with one kind of fault, and how the report begins to say it."""
    files = ten()
    match kind:
        case "unknown label":
            return files | {
                "x/1.png": png(1, 99)
            }, "1 left out, the label is no digit, 0 to 9: x/1.png"
        case "unreadable":
            return files | {"3/bad.png": b"no image"}, "1 left out, no digit can be decoded"
        case "two labels":
            return files | {"4/also.png": png(3, 5)}, "2 left out, the same image has two labels"
        case "repeated":
            return files | {"3/copy.png": png(3, 5)}, "1 left out, the same image, with the same"
        case "test image":
            return files | {
                "1/leak.png": cv2.imencode(".png", LEAK)[1].tobytes()
            }, "1 left out, it is a test image of MNIST"
        case "nearly a test image":
            noisy = np.clip(LEAK.astype(int) + 3 * (LEAK > 0), 0, 255)
            leak = cv2.imencode(".png", noisy.astype(np.uint8))[1].tobytes()
            return files | {"1/leak.png": leak}, "1 left out, it is a test image of MNIST"
    raise AssertionError(kind)


KINDS = [
    "unknown label",
    "unreadable",
    "two labels",
    "repeated",
    "test image",
    "nearly a test image",
]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_amiss_is_left_out_counted_and_named(parts, importing, tmp_path, kind):
    files, sentence = amiss(kind)
    report, manifest = importing.run(put(tmp_path, files), "own", Use.TRAIN, "ada")
    assert any(text.startswith(sentence) for text in report.sentences), report.sentences
    expected = 99 if kind == "two labels" else 100
    assert report.kept == expected
    (added,) = SetImages(parts).to_train(RECIPE, TEST, {})
    assert added.images.n == expected
    assert manifest.report == report


def test_files_of_a_list_that_are_not_there_are_named(importing, tmp_path):
    rows = [f"{n}.png,{n % 10}" for n in range(40)] + ["gone.png,1", "../outside.png,1"]
    files = {f"set/{n}.png": png(n % 10, n) for n in range(40)} | {"outside.png": png(1, 77)}
    files["set/labels.csv"] = "\n".join(["file,label", *rows]).encode()
    put(tmp_path, files)
    report, _ = importing.run(str(tmp_path / "set"), "own", Use.TRAIN, "ada")
    assert report.examples["missing"] == ["gone.png", "../outside.png"]
    assert report.kept == 40


def test_an_unknown_use_is_never_taken_for_training(importing, tmp_path):
    rows = [f"{n}.png,{n % 10}," for n in range(40)]
    rows[3] = "3.png,3,holdout"
    files = {f"{n}.png": png(n % 10, n) for n in range(40)}
    files["labels.csv"] = "\n".join(["file,label,use", *rows]).encode()
    report, _ = importing.run(put(tmp_path, files), "own", Use.TRAIN, "ada")
    assert report.examples["unknown-use"] == ["3.png ('holdout')"]


def test_digits_that_never_occur_are_said(importing, tmp_path):
    files = {name: content for name, content in ten().items() if name[0] not in "89"}
    report, manifest = importing.run(put(tmp_path, files), "own", Use.EVALUATE, "ada")
    assert manifest is not None
    assert "To evaluate there is no image of 8, 9" in report.sentences[1]


def stored(parts) -> list[str]:
    return [v.key for page in parts.bucket("labels").versions() for v in page]


def test_too_much_amiss_imports_nothing(parts, importing, tmp_path):
    files = ten() | {f"3/bad-{n}.png": b"no image" for n in range(20)}
    report, manifest = importing.run(put(tmp_path, files), "own", Use.TRAIN, "ada")
    assert manifest is None
    assert (
        "Of the 120 images of the labelled set 'own', 20 cannot be used (unreadable 20)"
        in (report.refusals[0])
    )
    assert stored(parts) == []
    _, allowed = importing.run(str(tmp_path), "own", Use.TRAIN, "ada", max_left_out=0.2)
    assert allowed is not None


def test_a_report_alone_imports_nothing(parts, importing, tmp_path):
    report, manifest = importing.run(
        put(tmp_path, ten()), "own", Use.TRAIN, "ada", only_report=True
    )
    assert (report.kept, manifest) == (100, None)
    assert stored(parts) == []


def test_an_import_that_breaks_off_does_not_exist(parts, importing, tmp_path, monkeypatch):
    """The manifest is written last, so whatever came before it counts for nothing."""
    upload = StoredSets.upload

    def broken(self, key, path, images):
        if "digests" in key:
            raise OSError("the line went dead")
        return upload(self, key, path, images)

    monkeypatch.setattr(StoredSets, "upload", broken)
    with pytest.raises(OSError, match="dead"):
        importing.run(put(tmp_path, ten()), "own", Use.TRAIN, "ada")
    assert any("pixels-" in key for key in stored(parts))
    assert SetImages(parts).to_train(RECIPE, TEST, {}) == []
    monkeypatch.undo()


def test_what_has_evaluated_once_is_never_learned_from(parts, importing, tmp_path):
    first = put(tmp_path / "first", ten())
    importing.run(first, "own", Use.EVALUATE, "ada")
    # the set is replaced by one without these images, and another offers them to train on
    importing.run(put(tmp_path / "second", ten(20)), "own", Use.EVALUATE, "ada")
    report, manifest = importing.run(first, "another", Use.TRAIN, "bob")
    assert manifest is None
    assert report.left_out["other-use"] == 100
    mixed = put(tmp_path / "mixed", ten(40) | {"3/old.png": png(3, 5)})
    report, _ = importing.run(mixed, "another", Use.TRAIN, "bob")
    assert report.examples["other-use"] == ["3/old.png (to evaluate)"]
    (added,) = SetImages(parts).to_train(RECIPE, TEST, {})
    assert added.images.n == 100


def test_what_was_learned_from_once_never_evaluates(importing, tmp_path):
    place = put(tmp_path, ten())
    importing.run(place, "own", Use.TRAIN, "ada")
    report, manifest = importing.run(place, "own", Use.EVALUATE, "ada")
    assert manifest is None
    assert report.left_out["other-use"] == 100


def test_images_of_the_folder_of_sets_are_not_learned_from(parts, importing, tmp_path):
    """Nobody imported them, but they measure every candidate all the same."""
    importing.run(put(tmp_path / "own", ten()), "own", Use.TRAIN, "ada")
    put(tmp_path / "real" / "forms", {"3/a.png": png(3, 5), "4/b.png": png(4, 200)})
    parts.settings = parts.settings.model_copy(update={"real_world_dir": tmp_path / "real"})
    sets = SetImages(parts)
    (added,) = sets.to_train(RECIPE, TEST, sets.to_evaluate())
    assert added.images.n == 99
    assert added.left_out == {EVALUATES: 1}


def test_a_later_import_takes_the_place_of_an_earlier_one(parts, importing, tmp_path):
    importing.run(put(tmp_path / "a", ten()), "own", Use.TRAIN, "ada")
    importing.run(put(tmp_path / "b", {"3/x.png": png(3, 123)}), "own", Use.TRAIN, "ada")
    (added,) = SetImages(parts).to_train(RECIPE, TEST, {})
    assert added.images.n == 1


def test_a_changed_preprocessing_decodes_the_files_again(parts, importing, tmp_path, monkeypatch):
    importing.run(put(tmp_path, ten()), "own", Use.TRAIN, "ada")
    (before,) = SetImages(parts).to_train(RECIPE, TEST, {})
    decoded = []
    real = set_images.decode
    monkeypatch.setattr(set_images, "preprocessing_digest", lambda: "another")
    monkeypatch.setattr(set_images, "decode", lambda *a: decoded.append(1) or real(*a))
    (after,) = SetImages(parts).to_train(RECIPE, TEST, {})
    assert len(decoded) == 100
    assert np.array_equal(before.images.images, after.images.images)


def test_damage_stops_a_training_instead_of_losing_images(parts, importing, tmp_path):
    _, manifest = importing.run(put(tmp_path, ten()), "own", Use.TRAIN, "ada")
    bucket = parts.bucket("labels")
    good = bucket.fetch(manifest.pixels[0].key)
    bucket.put(manifest.pixels[0].key, good[:-5] + b"xxxxx")
    with pytest.raises(IntegrityError, match="but the manifest says"):
        SetImages(parts).to_train(RECIPE, TEST, {})
    bucket.put(manifest.pixels[0].key, good)
    bucket.put("set-manifests/notes.txt", b"a note stops nothing")
    assert len(SetImages(parts).to_train(RECIPE, TEST, {})) == 1
    bucket.put(f"set-manifests/own/{manifest.id}.json", b"{}")
    parts.stored_sets = StoredSets(bucket)
    with pytest.raises(IntegrityError, match="not known which images evaluate"):
        SetImages(parts).to_train(RECIPE, TEST, {})


@pytest.mark.parametrize("name", ["", "a/b", ".hidden", "ä", "x" * 101])
def test_a_name_that_can_be_none_is_refused(importing, tmp_path, name):
    with pytest.raises(InvalidInput, match="cannot be the name of a labelled set"):
        importing.run(put(tmp_path, ten()), name, Use.TRAIN, "ada")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "there is nothing"),
        ({"a.png": b"x", "b/c.png": b"x"}, r"there is b/, a\.png"),
        ({"one/1/a.png": b"x", "two/1/a.png": b"x"}, "Of several sets, name one"),
        ({"labels.csv": b"name,digit\n"}, "has no column file and no column label"),
    ],
)
def test_what_is_no_set_is_refused_in_a_sentence(importing, tmp_path, files, message):
    with pytest.raises(InvalidDataset, match=message):
        importing.run(put(tmp_path, files), "own", Use.TRAIN, "ada")


def test_what_is_no_place_is_refused_in_a_sentence(importing, tmp_path):
    with pytest.raises(InvalidDataset, match="neither a folder nor a zip archive at"):
        importing.run(str(tmp_path / "gone"), "own", Use.TRAIN, "ada")
    with pytest.raises(InvalidDataset, match=r"no object s3://labels/uploads/gone\.zip"):
        importing.run("s3://labels/uploads/gone.zip", "own", Use.TRAIN, "ada")
    (tmp_path / "no.zip").write_bytes(b"no archive")
    with pytest.raises(InvalidDataset, match="It is no zip archive"):
        importing.run(str(tmp_path / "no.zip"), "own", Use.TRAIN, "ada")


def test_files_that_computers_add_are_no_part_of_a_set(importing, tmp_path):
    extra = {"__MACOSX/1/._1.png": b"x", ".DS_Store": b"x", "1/.DS_Store": b"x"}
    report, _ = importing.run(put(tmp_path, ten() | extra), "own", Use.TRAIN, "ada")
    assert (report.listed, report.kept) == (100, 100)
