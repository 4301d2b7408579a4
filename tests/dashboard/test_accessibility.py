"""Every page against the rules of axe-core: people with other eyes and hands use it too."""

import hashlib
import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from mnist import services
from mnist.reviews.verdict import ErrorFault
from mnist.storage.journal import Journal
from tests.dashboard.conftest import PAGES
from tests.dashboard.inspected import digits, files, rows_of, tags
from tests.dashboard.pages.test_decisions import refused
from tests.dashboard.pages.test_drift import change_scanner
from tests.dashboard.pages.test_overview import record
from tests.dashboard.pages.test_training_images import checked
from tests.reviewing import review, verdict

pytestmark = pytest.mark.browser

GRAVE = {"serious", "critical"}
# A placeholder of what is still loading moves for ever, and may.
STILL = """document.getAnimations().every(
    ({playState, effect}) =>
        playState !== "running" || effect.getComputedTiming().endTime === Infinity
)"""


@pytest.fixture
def busy(champion, scorer, results_bucket, results, review_log, tmp_path):
    """A day with a refused version, a batch that changed, labels, and verdicts on errors."""
    scorer.drop("scans", 12)
    scorer.drop_rejects("scans")
    scorer.score("scans")
    for row in scorer.results.rows("scans").slice(0, 3).to_pylist():
        if row["sha256"]:
            place = {"key": row["key"], "etag": row["etag"], "size": row["bytes"]}
            review_log.append(review("", "ada", "3", sha256=row["sha256"], **place))
    values = refused()
    earlier = files(dict.fromkeys(rows_of(7, 2), 1))
    champion.register(
        "4",
        earlier | {"decision.json": json.dumps(values).encode()},
        **tags(tmp_path, "run-of-version-4"),
    )
    record(Journal(results_bucket), 2, "4", "refused", from_version="3", verdict=values["verdict"])
    change_scanner(results)
    champion.check_labels(checked())
    (image, *_) = rows_of(4, 3)
    content = hashlib.sha256(digits().test.images[image].tobytes()).hexdigest()
    services.current().verdicts.append(verdict(image, "ada", ErrorFault.AMBIGUOUS, sha256=content))


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_serious_rule(visit, busy, scheme):
    visit.tab.emulate_media(color_scheme=scheme)
    visit.open()
    broken = _grave_violations(visit.tab, "login")
    visit.log_in()
    for page in ("", *(page for page in PAGES if page != "image")):  # that one takes an address
        visit.open(page)
        broken |= _grave_violations(visit.tab, page)
    visit.open("errors", of="training images")
    broken |= _grave_violations(visit.tab, "errors, training images")
    for button in ("Views", "Notes and tags"):
        visit.open("errors")
        visit.tab.get_by_role("button", name=button, exact=True).click()
        expect(visit.tab.get_by_test_id("stPopoverBody")).to_be_visible()
        broken |= _grave_violations(visit.tab, button)
    visit.open("labels")
    visit.tab.locator(".tile button.open").first.click()
    expect(visit.tab.get_by_text("What do you see now?")).to_be_visible()
    broken |= _grave_violations(visit.tab, "labels, one of them")
    visit.open("decisions")
    visit.tab.get_by_text("Promote a version").click()
    expect(visit.tab.get_by_role("button", name="Promote", exact=True)).to_be_visible()
    broken |= _grave_violations(visit.tab, "decisions, a form")
    visit.open("image", version="3", test=str(rows_of(4, 1)[0]))
    broken |= _grave_violations(visit.tab, "image")
    assert broken == {}


def _grave_violations(tab, page):
    """Say which serious rules what is on the screen breaks, and where."""
    idle = tab.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    expect(idle).to_have_count(1)
    # What Streamlit has just drawn anew fades in.
    tab.wait_for_function(STILL)
    return {
        f"{page or 'overview'}: {violation['id']}": [
            (node["html"][:300], node["failureSummary"]) for node in violation["nodes"]
        ]
        for violation in Axe().run(tab).response["violations"]
        if violation["impact"] in GRAVE
    }
