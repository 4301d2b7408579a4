"""What computers add to folders is told apart from images, and nothing else is."""

import pytest

from mnist.ignored_files import ignored_as
from mnist.keys import is_image_key


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("b/._7.png", "._*"),
        ("b/page 1/._7.png", "._*"),
        ("b/.DS_Store", ".DS_Store"),
        (".DS_Store", ".DS_Store"),
        ("b/Thumbs.db", "Thumbs.db"),
        ("b/THUMBS.DB", "Thumbs.db"),
        ("b/desktop.ini", "desktop.ini"),
        ("b/Desktop.ini", "desktop.ini"),
        ("__MACOSX/b/._7.png", "__MACOSX/"),
        ("b/deep/__MACOSX/7.png", "__MACOSX/"),
        ("b/$RECYCLE.BIN/7.png", "$RECYCLE.BIN/"),
        ("b/@eaDir/7.png@SynoEAStream", "@eaDir/"),
        ("b/lost+found/#12", "lost+found/"),
        ("b/~$labels.xlsx", "~$*"),
    ],
)
def test_what_computers_add_is_named_and_is_no_image(path, kind):
    assert ignored_as(path) == kind
    assert not is_image_key(path)


@pytest.mark.parametrize(
    "path", ["b/7.png", "b/.7.png", "b/_7.png", "b/my Thumbs.db.png", "b/__MACOSX.png", "._b/7.png"]
)
def test_what_people_may_have_named_so_is_an_image(path):
    assert ignored_as(path) is None
    assert is_image_key(path)
