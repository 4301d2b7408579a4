"""Where people are sent to see a run."""

import pytest

from mnist.orchestrator import PrefectApi


@pytest.mark.parametrize(
    ("page_url", "expected"),
    [
        (None, "http://prefect:4200/runs/flow-run/abc"),
        ("https://flows.example.com/", "https://flows.example.com/runs/flow-run/abc"),
    ],
)
def test_a_run_is_shown_where_people_open_the_pages(page_url: str | None, expected: str) -> None:
    assert PrefectApi("http://prefect:4200/api", page_url=page_url).run_url("abc") == expected


def test_nobody_is_sent_anywhere_if_nobody_said_where_prefect_is() -> None:
    assert PrefectApi(None).run_url("abc") is None
