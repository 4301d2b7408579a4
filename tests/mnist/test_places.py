"""Names of what lies inside an object, and the way back to the object."""

from hypothesis import given
from hypothesis import strategies as st

from mnist.keys import ObjectVersion
from mnist.places import (
    LayoutPlace,
    PagePlace,
    by_picture,
    layout_place,
    layout_versions,
    member_place,
    member_version,
    page_place,
    page_versions,
    picture_of,
)
from tests.factories import version

LAYOUT = "a1" * 20


@given(st.text(min_size=1), st.text(max_size=9), st.integers(1, 10**9), st.integers(2, 99))
def test_the_way_from_a_page_to_its_file_is_found_also_within_an_archive(key, name, size, pages):
    archive = ObjectVersion(f"b/{key}", "e1", size)
    for file in (archive, member_version(archive, 3, name, 0xABCDEF, size)):
        versions = list(page_versions(file, pages))
        assert [v.key for v in versions[:2]] == [f"{file.key}!1", f"{file.key}!2"]
        assert len({v.identity for v in versions}) == pages
        assert page_place(versions[-1]) == PagePlace(file, pages)
        assert member_place(versions[-1]) is None
        assert page_place(file) is None
        assert all(v.size for v in versions)
        assert sum(v.size for v in versions) <= max(file.size, pages)
        assert layout_place(versions[-1]) is None
        assert picture_of(versions[-1]) == versions[-1]


@given(st.text(min_size=1), st.text(max_size=9), st.integers(0, 10**9), st.integers(1, 99))
def test_the_way_from_a_place_to_its_picture_is_found_wherever_that_lies(key, name, size, count):
    archive = ObjectVersion(f"b/{key}", "e1", size)
    member = member_version(archive, 3, name, 0xABCDEF, size)
    names = [f"field{number}" for number in range(count)]
    for picture in (archive, member, *page_versions(member, 2)):
        versions = list(layout_versions(picture, names, LAYOUT))
        assert [v.key for v in versions] == [f"{picture.key}!{each}" for each in names]
        assert len({v.identity for v in versions}) == count
        assert layout_place(versions[-1]) == LayoutPlace(picture, count, LAYOUT)
        assert picture_of(versions[0]) == picture
        assert member_place(versions[0]) is page_place(versions[0]) is None
        assert all(bool(v.size) == bool(picture.size) for v in versions)


def test_a_picture_that_is_one_place_keeps_its_key_and_is_another_version_by_each_layout():
    picture = version("b/strip.png")
    (one,) = layout_versions(picture, [""], LAYOUT)
    (other,) = layout_versions(picture, [""], "b" * 40)
    assert one.key == other.key == picture.key
    assert len({each.identity for each in (picture, one, other)}) == 3
    assert layout_place(one) == LayoutPlace(picture, 1, LAYOUT)


def test_neighbours_cut_out_of_one_picture_stay_together_and_others_alone():
    sheets = [version("b/1.png"), version("b/2.png")]
    places = [list(layout_versions(sheet, ["x", "y"], LAYOUT)) for sheet in sheets]
    plain = [version("b/3.png"), version("b/4.png")]
    together = list(by_picture([*places[0], *places[1], *plain]))
    assert together == [tuple(places[0]), tuple(places[1]), (plain[0],), (plain[1],)]


def test_objects_are_taken_one_by_one():
    taken = []
    objects = (taken.append(each) or each for each in map(version, ("b/1", "b/2", "b/3")))
    next(by_picture(objects))
    assert len(taken) == 1
