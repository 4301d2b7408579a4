"""What people see of the containers in a browser."""

import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from tests.containers.compose import Containers
from tests.containers.conftest import PUBLIC
from tests.dashboard.browser import Visit, chromium, visit  # noqa: F401  # fixtures

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

OpenedAs = Callable[[str], str]


@pytest.fixture
def address(
    containers: Containers, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> str:
    """The dashboard, in whose browser other pages may be opened as well."""
    for name in ("DASHBOARD_VIEWER_PASSWORD", "DASHBOARD_EDITOR_PASSWORD", "DASHBOARD_SESSION_KEY"):
        monkeypatch.setenv(name, variables[name])
    return containers.address("dashboard")


def test_the_pages_of_prefect_work_under_whatever_address_they_were_opened(
    visit: Visit,  # noqa: F811
    containers: Containers,
    variables: dict[str, str],
) -> None:
    address = containers.address("prefect").replace("127.0.0.1", "localhost")
    asked: list[str] = []
    visit.tab.on("request", lambda request: asked.append(request.url))
    visit.tab.goto(address)
    visit.tab.evaluate(
        "text => localStorage.setItem('prefect-password', btoa(text))",
        variables["PREFECT_API_AUTH_STRING"],
    )
    visit.tab.goto(f"{address}/deployments")
    expect(visit.tab.get_by_text("retrain").first).to_be_visible()
    assert {url.partition("/api/")[0] for url in asked if "/api/" in url} == {address}


def test_mlflow_lets_in_who_comes_by_its_public_address(
    containers: Containers, variables: dict[str, str]
) -> None:
    login = ("reader", variables["MLFLOW_READER_PASSWORD"])
    host = PUBLIC["MNIST_MLFLOW_PUBLIC_URL"].removeprefix("https://")
    url = f"{containers.address('mlflow')}/ajax-api/2.0/mlflow/experiments/search"
    proxied = {"Host": host, "Origin": PUBLIC["MNIST_MLFLOW_PUBLIC_URL"]}
    body = {"max_results": 1}
    assert httpx.post(url, auth=login, json=body, headers=proxied).status_code == 200
    strange = {"Host": "other.example.com"}
    assert httpx.post(url, auth=login, json=body, headers=strange).status_code == 403


def test_the_links_of_the_dashboard_lead_to_the_public_addresses(visit: Visit) -> None:  # noqa: F811
    visit.log_in()
    visit.open()
    for text, name in (("MLflow", "MNIST_MLFLOW_PUBLIC_URL"), ("Prefect", "PREFECT_UI_URL")):
        link = visit.tab.get_by_role("link", name=re.compile(f"in {text}"))
        expect(link).to_have_attribute("href", re.compile(f"^{PUBLIC[name]}/?$"))
    assert visit.complaints == []


def test_the_dashboard_has_mnist(visit: Visit) -> None:  # noqa: F811
    visit.log_in()
    visit.open("data")
    idle = visit.tab.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    expect(idle).to_have_count(1)
    expect(visit.tab.get_by_text("This is not MNIST")).to_have_count(0)
    expect(visit.tab.get_by_text("60,000 images").first).to_be_visible()
