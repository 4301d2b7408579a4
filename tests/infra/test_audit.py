"""The audit says when it could not ask anybody, instead of looking clean or failing obscurely."""

import json
import re
from typing import Any

import pytest

from infra.audit import known_holes

SOUND = {"name": "numpy", "version": "2.4.1", "vulns": []}
HOLED = {
    "name": "pillow",
    "version": "9.0.0",
    "vulns": [{"id": "PYSEC-2022-1", "fix_versions": ["9.0.1", "9.1"], "aliases": []}],
}
PASSED_OVER = {"name": "keras", "skip_reason": "Dependency not found: keras (3.15.0)"}


def report(*packages: dict[str, Any]) -> str:
    """Write what pip-audit would."""
    return json.dumps({"dependencies": packages, "fixes": []})


def test_holes_are_named_with_what_mends_them() -> None:
    holes = ["pillow 9.0.0: PYSEC-2022-1, mended in 9.0.1, 9.1"]
    assert known_holes(report(SOUND, HOLED)) == (holes, "")


def test_packages_without_holes_pass() -> None:
    assert known_holes(report(SOUND)) == ([], "")


def test_a_package_that_was_passed_over_is_no_clean_bill_and_hides_no_hole() -> None:
    holes, not_audited = known_holes(report(HOLED, PASSED_OVER))
    assert len(holes) == 1
    assert re.match(r"1 of 2 packages.*Dependency not found.*make sbom", not_audited)


@pytest.mark.parametrize("text", ["", "<html>", report()])
def test_no_report_is_no_clean_bill(text: str) -> None:
    holes, not_audited = known_holes(text)
    assert holes == []
    assert re.match(r"0 of 0 packages.*made no report", not_audited)
