"""What makes the tests of pages as quick as they are."""

from streamlit.components.v2 import manifest_scanner

from tests.dashboard.conftest import Page


def test_the_installed_packages_are_scanned_for_components_once(environment):
    for name in ("batches", "errors"):
        Page(name).open()
    scans = manifest_scanner.scan_component_manifests.cache_info()
    assert (scans.misses, scans.hits > 0) == (1, True)
