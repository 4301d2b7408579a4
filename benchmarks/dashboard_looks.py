"""What `benchmarks.dashboard_jobs` gets on the screen: the jobs of a morning, and other pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from playwright.sync_api import Locator, Page

_TILE = ".tile img"
_ASKED = "text=Which digit do you see?"


@dataclass(frozen=True)
class Look:
    """Something to get on the screen.

    Attributes:
        name: Of what is measured.
        page: Where it begins; empty is the first screen.
        clicks: What is clicked, one after the other.
        answer: What has to be on the page in the end.
        needs: What the stack must hold for it.
        question: For people; empty where only a picture is wanted.
        picture: Name of the picture that is kept; empty if none is.
        is_scrolled: Whether the picture shows what lies around the answer, not the page's top.
    """

    name: str
    page: str
    clicks: Sequence[Callable[[Page], Locator]]
    answer: str
    needs: str
    question: str = ""
    picture: str = ""
    is_scrolled: bool = False


def _number(label: str) -> Callable[[Page], Locator]:
    """Find the button of a number of the first screen."""

    def find(tab: Page) -> Locator:
        metric = tab.get_by_test_id("stMetric").filter(has_text=label)
        # The innermost block around it: a wider one has the buttons of other numbers too.
        card = tab.get_by_test_id("stVerticalBlock").filter(has=metric).last
        return card.get_by_role("button", name="Show", exact=True)

    return find


def _tile(tab: Page) -> Locator:
    return tab.locator(".tile button.open").first


def _wrong_cell(tab: Page) -> Locator:
    return tab.locator("button.cell[data-kind=wrong]").first


def _views(tab: Page) -> Locator:
    return tab.get_by_role("button", name="Views", exact=True)


def _review_selection(tab: Page) -> Locator:
    return tab.get_by_role("button", name="Review this selection")


def _box_of_images(tab: Page) -> Locator:
    return tab.get_by_test_id("stSelectbox").filter(has_text="Images").get_by_role("combobox")


def _training_images(tab: Page) -> Locator:
    return tab.get_by_role("option", name="training images")


JOBS = (
    Look(
        "failed-batch",
        "",
        [_number("Failed")],
        _TILE,
        "a batch of the last seven days that failed and whose files can be drawn",
        "Which images of a failed batch?",
    ),
    Look(
        "rejected-image",
        "",
        [_number("Failed"), _tile],
        "text=What to do",
        "a batch of the last seven days that failed and whose files can be drawn",
        "Why was one rejected?",
    ),
    Look(
        "for-review",
        "",
        [_number("For review")],
        _ASKED,
        "an image that was scored and not accepted, and that nobody has answered for",
        "What waits for a look?",
        "review",
    ),
    Look(
        "drift",
        "",
        [_number("Drift")],
        _TILE,
        "an alarm of `monitor/default` about a batch whose images are still there",
        "What has drifted, and what does it look like?",
        "drift",
    ),
    Look(
        "decisions",
        "",
        [_number("Last retraining")],
        "text=Gates failed",
        "a training that the gates judged",
        "Why was it refused?",
        "decisions",
    ),
    Look(
        "confused-cell",
        "errors",
        [_wrong_cell],
        _TILE,
        "a version with a misclassified test image",
        "What is confused most?",
        "errors",
    ),
    Look(
        "training-labels",
        "errors",
        [_box_of_images, _training_images],
        ".tile:has-text('self-confidence') img",
        "a run of `check-labels/default`",
        "Which training labels are suspect?",
    ),
    Look(
        "selection",
        "batches?batch=large-archive",
        [_review_selection],
        _ASKED,
        "a scored batch",
        "Have this selection looked at",
    ),
    Look(
        "labels",
        "labels",
        [_tile],
        "text=/What do you see now|What is written/",
        "an answer of somebody on the page Review",
        "What did we answer?",
        "labels",
    ),
    Look(
        "thresholds",
        "compare",
        [],
        "text=the dashed line is the promise",
        "two versions measured on the same test images",
        "What would another threshold accept?",
    ),
)

PICTURES = (
    Look(
        "training",
        "errors?of=training+images&source=mnist",
        [],
        ".tile:has-text('self-confidence') img",
        "a run of `check-labels/default`",
        picture="training",
        is_scrolled=True,
    ),
    Look("overview", "", [], "text=Last retraining", "a champion", picture="overview"),
    Look(
        "batches",
        "batches?batch=large-archive&show=images",
        [],
        _TILE,
        "a scored batch",
        picture="batches",
    ),
    Look("image", "errors", [_tile], "text=Across model versions", "a champion", picture="image"),
    Look("compare", "compare", [], _TILE, "two versions that differ", picture="compare"),
    Look(
        "verdicts",
        "errors",
        [],
        ".tile .choices",
        "a version with a misclassified test image",
        picture="verdicts",
        is_scrolled=True,
    ),
    Look(
        "matrices",
        "compare",
        [],
        "button.cell[data-name='6-6']",
        "two versions",
        picture="matrices",
        is_scrolled=True,
    ),
    Look("data", "data", [], "text=Labelled sets", "a champion", picture="data"),
    Look(
        "values",
        "values",
        [],
        "text=right as a whole",
        "values that are looked at",
        picture="values",
    ),
    Look(
        "cuts",
        "batches?batch=meters",
        [_review_selection],
        ".cut",
        "a batch `meters` of values in pictures without printed boxes",
        picture="cuts",
    ),
    Look("canary", "", [_number("Canary")], "text=is on canary", "a canary", picture="canary"),
    Look(
        "views",
        "errors?true=4&read=9",
        [_views],
        "text=Save this page",
        "a champion",
        picture="views",
    ),
)
"""What the documents show besides the answers of jobs."""
