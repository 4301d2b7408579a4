"""Semeion and USPS: lists of digits in the formats that people have them in."""

import gzip
import hashlib

import numpy as np
import pytest

from mnist.data.hands import load_hands
from mnist.errors import InvalidDataset

BAR = np.zeros((16, 16), int)
BAR[:, 6:10] = 1
RING = np.zeros((16, 16), int)
RING[:3], RING[-3:], RING[:, :3], RING[:, -3:] = 1, 1, 1, 1


def semeion(digits, style="{}"):
    """Write lines as UCI does: numbers, a blank after each, CR and LF."""
    lines = []
    for label, pixels in digits:
        numbers = [*pixels.ravel(), *(int(label == digit) for digit in range(10))]
        lines.append("".join(style.format(number) + " " for number in numbers) + "\r\n")
    return "".join(lines).encode()


def usps(digits):
    lines = []
    for label, ink in digits:
        numbers = " ".join(f"{value:.4f}" for value in (2 * ink.ravel() - 1))
        lines.append(f"{label:.4f} {numbers} \n")
    return "".join(lines).encode()


def put(folder, name, content):
    (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("style", ["{:.4f}", "{}"], ids=["as UCI writes", "as others do"])
def test_semeion_is_read_in_both_number_styles(tmp_path, style):
    text = semeion([(1, BAR), (0, RING)], style)
    (hands,) = load_hands(put(tmp_path, "semeion.data", text))
    assert hands.name == "semeion"
    assert hands.images.labels.tolist() == [1, 0] * 6
    assert hands.originals.tolist() == [0, 1] * 6
    assert hands.sha256 == hashlib.sha256(text).hexdigest()


def test_a_packed_list_is_the_same_list(tmp_path):
    text = semeion([(1, BAR), (0, RING)])
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.mkdir()
    packed.mkdir()
    (one,) = load_hands(put(plain, "semeion.data", text))
    (other,) = load_hands(put(packed, "semeion.data.gz", gzip.compress(text)))
    assert one.sha256 == other.sha256
    assert np.array_equal(one.images.images, other.images.images)


def test_semeion_is_shown_stretched_and_narrowed(tmp_path):
    """The source fills a square whatever was written, so one placement alone would be wrong."""
    (hands,) = load_hands(put(tmp_path, "semeion.data", semeion([(0, RING)])))
    widths = [int(image.any(axis=0).sum()) for image in hands.images.images]
    heights = [int(image.any(axis=1).sum()) for image in hands.images.images]
    assert all(18 <= height <= 20 for height in heights)
    assert all(width >= 17 for width in widths[::2])
    assert all(width <= 17 for width in widths[1::2])
    assert len({image.tobytes() for image in hands.images.images}) == 6


def test_the_seed_alone_determines_the_images(tmp_path):
    put(tmp_path, "semeion.data", semeion([(1, BAR), (0, RING)]))
    first, again, other = (load_hands(tmp_path, seed=seed)[0].images.digest for seed in (3, 3, 4))
    assert first == again != other


def test_usps_is_placed_as_mnist_places_digits(tmp_path):
    grey = np.zeros((16, 16))
    grey[2:14, 6:10] = 1.0
    grey[2:14, 5] = 0.5
    text = usps([(1, grey), (7, grey)])
    (hands,) = load_hands(put(tmp_path, "zip.train.gz", gzip.compress(text)))
    assert hands.name == "usps"
    assert hands.images.labels.tolist() == [1, 7]
    image = hands.images.images[0].astype(float)
    assert image.max() == 255  # light on dark
    rows = np.flatnonzero(image.any(axis=1))
    assert rows[-1] - rows[0] + 1 == 20
    centre = (np.arange(28) * image.sum(axis=0)).sum() / image.sum()
    assert abs(centre - 14) <= 0.75
    assert hands.sha256 == hashlib.sha256(text).hexdigest()


def test_a_digit_of_usps_without_ink_is_counted(tmp_path):
    (hands,) = load_hands(
        put(tmp_path, "zip.train", usps([(0, np.zeros((16, 16))), (1, np.ones((16, 16)))]))
    )
    assert hands.images.labels.tolist() == [1]
    assert hands.originals.tolist() == [1]
    assert hands.left_out == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("semeion.data", b"", "is empty"),
        ("semeion.data", b"1 2 3\n", "lines of 3 numbers; expected 266"),
        ("semeion.data", b"<html>no</html>\n", "not a table of numbers"),
        ("semeion.data", semeion([(1, BAR)]).replace(b"1", b"2"), "line 1 is no digit"),
        ("semeion.data", semeion([(11, BAR)]), "line 1 is no digit"),
        ("semeion.data", semeion([(1, 0 * BAR)]), "line 1 is no digit"),
        ("zip.train", usps([(1, BAR), (12, BAR)]), "line 2 is no digit of USPS"),
        ("zip.train", usps([(1, 9 * BAR)]), "line 1 is no digit of USPS"),
        ("zip.train", usps([(1, BAR)])[:-90], "numbers; expected 257"),
        ("zip.train.gz", gzip.compress(usps([(1, BAR)]), mtime=0)[:-9], "Cannot read"),
        ("zip.train.gz", b"\x1f\x8bno", "Cannot read"),
    ],
)
def test_a_damaged_list_is_refused_by_name(tmp_path, name, content, message):
    with pytest.raises(InvalidDataset, match=message) as caught:
        load_hands(put(tmp_path, name, content))
    assert name in str(caught.value)


def test_a_list_that_unpacks_without_end_is_refused(tmp_path):
    put(tmp_path, "semeion.data.gz", gzip.compress(b"0 " * 60_000_000))
    with pytest.raises(InvalidDataset, match="more than 100,000,000 bytes unpacked"):
        load_hands(tmp_path)


def test_no_folder_means_no_hands():
    assert load_hands(None) == []


def test_a_folder_that_was_named_is_never_passed_over(tmp_path):
    with pytest.raises(InvalidDataset, match=r"does not exist.*MNIST_HANDS_DIR"):
        load_hands(tmp_path / "gone")
    put(tmp_path, "README.md", b"nothing else")
    with pytest.raises(InvalidDataset, match=r"MNIST_HANDS_DIR.*holds none of the public sets"):
        load_hands(tmp_path)
