"""Every page against the rules of axe-core: people with other eyes and hands use it too."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PAGES = ["", "batches", "errors", "review", "champion", "compare", "data", "draw"]
GRAVE = {"serious", "critical"}


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_serious_rule(visit, champion, scorer, scheme):
    scorer.drop("scans", 12)
    scorer.drop_rejects("scans")
    scorer.score("scans")
    visit.log_in()
    visit.tab.emulate_media(color_scheme=scheme)
    broken = {}
    for page in PAGES:
        visit.open(page)
        idle = visit.tab.locator("[data-testid=stApp][data-test-script-state=notRunning]")
        expect(idle).to_have_count(1)
        # What Streamlit has just drawn anew fades in.
        visit.tab.wait_for_function("document.getAnimations().length === 0")
        for violation in Axe().run(visit.tab).response["violations"]:
            if violation["impact"] in GRAVE:
                nodes = [(n["html"][:300], n["failureSummary"]) for n in violation["nodes"]]
                broken[f"{page or 'overview'}: {violation['id']}"] = nodes
    assert broken == {}
