"""An archive that is not read says that a .zip would be."""

import pytest

from mnist.images import Limits, Rejection, decode
from mnist.keys import ObjectVersion
from mnist.scoring.minibatches import Allowance, load_minibatch
from tests.factories import png
from tests.rejected_files import ARCHIVES


def _of_large(key):
    """Return what becomes of an object that is never fetched."""
    version = ObjectVersion(key, "e", 10**9)
    allowance = Allowance.of("b", 60)
    (content,) = load_minibatch([version], lambda _: iter(()), Limits(), allowance).contents
    return content


@pytest.mark.parametrize("name", ARCHIVES)
def test_the_reason_names_zip(name):
    result = decode(ARCHIVES[name](), Limits())
    assert isinstance(result, Rejection)
    assert result.reason == "unsupported-format"
    assert ".zip" in result.detail


@pytest.mark.parametrize("name", ["b/scans.tar.gz", "b/scans.TGZ", "b/scans.7z", "b/scans.rar"])
def test_one_that_is_too_large_to_be_looked_at_names_zip_too(name):
    content = _of_large(name)
    assert content.reason == "too-large"
    assert ".zip" in content.detail


def test_a_large_image_is_told_nothing_about_archives():
    assert ".zip" not in _of_large("b/7.png").detail


def test_an_image_in_front_of_an_archive_is_an_image():
    assert not isinstance(decode(png(7) + ARCHIVES["zip"](), Limits()), Rejection)
