"""UNIPEN: strokes of a pen by the rules of its format, and what is drawn of them."""

import io
import tarfile

import numpy as np
import pytest

from mnist.data.hands import load_hands
from mnist.data.hands.unipen import parse_unipen
from mnist.errors import InvalidDataset

HEAD = ".COORD X Y\n.WRITER_ID w1\n"
BAR = ".PEN_DOWN\n100 0\n100 200\n"
DASH = ".PEN_DOWN\n0 100\n200 100\n"
LIFT = ".PEN_UP\n100 200\n0 100\n"


def texts(strokes, segments, more=None):
    return {
        "data/1a/abc/one.dat": f".INCLUDE abc/strokes.dat\n{segments}",
        "include/abc/strokes.dat": HEAD + strokes,
        **(more or {}),
    }


def points(digit):
    return [stroke.tolist() for stroke in digit.strokes]


def parse(strokes, segments, more=None):
    return parse_unipen(texts(strokes, segments, more))[0]


def test_a_segment_is_a_digit_of_its_strokes():
    (one, two) = parse(
        BAR + DASH + BAR,
        '.SEGMENT CHARACTER 0 OK "1"\n.SEGMENT CHARACTER 1-2 ? "4"\n',
    )
    assert (one.label, two.label) == (1, 4)
    assert points(one) == [[[100, 0], [100, 200]]]
    assert points(two) == [[[0, 100], [200, 100]], [[100, 0], [100, 200]]]
    assert one.writer == "abc/w1"


def test_the_way_through_the_air_counts_only_with_points_and_is_never_drawn():
    """Some contributors record it, others write a bare `.PEN_UP`: numbering differs by that."""
    (recorded,) = parse(BAR + LIFT + DASH, '.SEGMENT CHARACTER 0-2 OK "4"\n')
    (bare,) = parse(BAR + ".PEN_UP\n" + DASH, '.SEGMENT CHARACTER 0-1 OK "4"\n')
    assert points(recorded) == points(bare)
    (second,) = parse(BAR + LIFT + DASH, '.SEGMENT CHARACTER 2 OK "1"\n')
    assert points(second) == [[[0, 100], [200, 100]]]


def test_an_empty_stroke_counts():
    (digit,) = parse(".PEN_DOWN\n" + BAR, '.SEGMENT CHARACTER 1 OK "1"\n')
    assert points(digit) == [[[100, 0], [100, 200]]]


def test_a_keyword_begins_its_line():
    prose = ".COMMENT says\n  .PEN_DOWN is how a stroke begins\n"
    (digit,) = parse(prose + BAR, '.SEGMENT CHARACTER 0 OK "1"\n')
    assert points(digit) == [[[100, 0], [100, 200]]]


def test_other_keywords_carry_no_points():
    (digit,) = parse(BAR + ".DT 10\n.START_BOX\n7 7\n" + DASH, '.SEGMENT CHARACTER 0-1 OK "4"\n')
    assert points(digit) == [[[100, 0], [100, 200]], [[0, 100], [200, 100]]]


LONG = ".PEN_DOWN\n0 0\n0 1\n0 2\n0 3\n"


@pytest.mark.parametrize(
    ("strokes", "expected"),
    [
        ("0:1-1:2", [[[0, 1], [0, 2], [0, 3]], [[0, 0], [0, 1], [0, 2]]]),
        ("0:2-1", [[[0, 2], [0, 3]], [[0, 0], [0, 1], [0, 2], [0, 3]]]),
        ("0-1:0", [[[0, 0], [0, 1], [0, 2], [0, 3]], [[0, 0]]]),
        ("0:1-0:2", [[[0, 1], [0, 2]]]),
        ("1,0:3", [[[0, 0], [0, 1], [0, 2], [0, 3]], [[0, 3]]]),
    ],
)
def test_points_within_a_stroke_can_be_named(strokes, expected):
    (digit,) = parse(LONG * 2, f'.SEGMENT CHARACTER {strokes} OK "1"\n')
    assert points(digit) == expected


def test_includes_include_others():
    inner = {"include/abc/inner.dat": BAR}
    (digit,) = parse(".INCLUDE abc/inner.dat\n" + DASH, '.SEGMENT CHARACTER 0-1 OK "4"\n', inner)
    assert len(digit.strokes) == 2


def test_y_is_brought_to_the_scale_of_x():
    scales = ".X_POINTS_PER_INCH 800\n.Y_POINTS_PER_INCH 1000\n"
    (digit,) = parse(scales + ".PEN_DOWN\n10 10\n20 100\n", '.SEGMENT CHARACTER 0 OK "1"\n')
    assert points(digit) == [[[10, 8], [20, 80]]]


@pytest.mark.parametrize(
    ("strokes", "segments", "message"),
    [
        (BAR, '.SEGMENT CHARACTER 0-1 OK "1"\n', "the strokes 0-1 are a digit; there are 1"),
        (BAR, '.SEGMENT CHARACTER 1-0 OK "1"\n', "the strokes 1-0"),
        (".PEN_DOWN\n1 2 3\n", "", "not pairs of numbers"),
        (".PEN_DOWN\nx y\n", "", "not pairs of numbers"),
        (".INCLUDE abc/gone.dat\n", "", "include/abc/gone.dat is included but is not there"),
        (".INCLUDE abc/strokes.dat\n", "", "includes itself"),
    ],
)
def test_what_is_none_of_the_format_is_named(strokes, segments, message):
    with pytest.raises(InvalidDataset, match=message):
        parse(strokes, segments)


DIGITS = '.SEGMENT CHARACTER 0 OK "1"\n.SEGMENT CHARACTER 0-1 ? "4"\n.SEGMENT CHARACTER 2 OK "7"\n'
SPOT = ".PEN_DOWN\n5 5\n5 5\n"
HOOK = ".PEN_DOWN\n0 200\n100 200\n40 0\n"


def files():
    return texts(BAR + DASH + SPOT + HOOK, DIGITS + '.SEGMENT CHARACTER 3 OK "7"\n')


def archive(folder, contents, mode="w:xz", top=""):
    with tarfile.open(folder / "unipen-1a.tar.xz", mode) as packed:
        for name, text in contents.items():
            info = tarfile.TarInfo(top + name)
            info.size = len(text)
            packed.addfile(info, io.BytesIO(text.encode()))
    return folder


def unpacked(folder, contents):
    for name, text in contents.items():
        path = folder / "train_r01_v07" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_every_digit_is_drawn_twice_with_other_pens(tmp_path):
    (hands,) = load_hands(archive(tmp_path, files()))
    assert hands.name == "unipen"
    assert hands.images.labels.tolist() == [1, 4, 7] * 2
    assert hands.originals.tolist() == [0, 1, 3] * 2
    assert hands.left_out == 1  # a single spot
    assert set(hands.writers) == {"abc/w1"}
    assert len({image.tobytes() for image in hands.images.images}) == 6


def test_digits_stand_upright_in_mnists_box(tmp_path):
    (hands,) = load_hands(archive(tmp_path, files()))
    image = hands.images.images[2].astype(float)  # a seven: its bar is at the top
    rows = np.flatnonzero(image.any(axis=1))
    assert rows[-1] - rows[0] + 1 == 20
    upper, lower = image[rows[:6]].sum(), image[rows[-6:]].sum()
    assert upper > 1.3 * lower
    assert image.max() == 255
    assert image[:3].max() == 0


def test_archive_and_folder_are_the_same_source(tmp_path):
    packed, loose = tmp_path / "packed", tmp_path / "loose"
    packed.mkdir()
    loose.mkdir()
    (one,) = load_hands(archive(packed, files(), top="some/where/"))
    (other,) = load_hands(unpacked(loose, files()))
    assert one.sha256 == other.sha256
    assert one.images.digest == other.images.digest


def test_other_files_of_the_distribution_do_not_matter(tmp_path):
    (alone,) = load_hands(archive(tmp_path, files()))
    more = files() | {"LICENSE": "words", "include/abc/unused.dat": BAR, "data/1b/x.dat": "?"}
    (among,) = load_hands(archive(tmp_path, more))
    assert alone.sha256 == among.sha256


def test_a_damaged_archive_is_refused_by_name(tmp_path):
    archive(tmp_path, files())
    path = tmp_path / "unipen-1a.tar.xz"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InvalidDataset, match=r"Cannot read .*unipen-1a\.tar\.xz"):
        load_hands(tmp_path)


def test_an_archive_without_digits_is_refused(tmp_path):
    with pytest.raises(InvalidDataset, match="no digit of UNIPEN's category 1a"):
        load_hands(archive(tmp_path, {"include/x.dat": BAR}))
