"""Where an image stands among those of the gallery that led to it."""

import pytest

from dashboard.components.walk import place_in

TILES = ["version=3&test=7", "version=3&test=9", "batch=scans&key=scans%2Fa%3Fb.png&etag=e&size=5"]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"version": "3", "test": "9"}, 1),
        ({"version": "2", "test": "9"}, 1),
        ({"batch": "scans", "key": "scans/a?b.png", "etag": "e", "size": "5", "version": "3"}, 2),
        ({"batch": "scans", "key": "scans/a?b.png", "etag": "other", "size": "5"}, None),
        ({"test": "8"}, None),
        ({}, None),
    ],
)
def test_an_address_is_found_whatever_version_predicts(query, place):
    assert place_in(TILES, query) == place
