"""Pages over a real store, a fake MLflow and a fake Prefect."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from dashboard.access.login import PERSON
from dashboard.access.people import Person, Role
from mnist import services
from mnist.services import Services
from mnist.settings import Settings, load_settings
from mnist.storage.bucket import Bucket
from mnist.storage.journal import Journal
from mnist.storage.reviews import ReviewLog
from tests.dashboard import inspected
from tests.dashboard.browser import address, chromium, visit  # noqa: F401  # fixtures
from tests.dashboard.fake_servers import RUN_ID, FakeServers, running_servers
from tests.dashboard.scored import Scorer

_SECONDS = 60

VIEWER_PASSWORD = "only-for-looking"
EDITOR_PASSWORD = "also-for-changing"

PAGES = sorted(
    path.name for path in Path("dashboard/pages").iterdir() if (path / "__init__.py").exists()
)
"""Every page, as its address names it."""


@pytest.fixture(scope="session", autouse=True)
def _packages_are_scanned_once() -> Iterator[None]:
    """Streamlit parses the metadata of every installed package, anew for each page of a test."""
    with pytest.MonkeyPatch.context() as patch:
        scan = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture
def servers() -> Iterator[FakeServers]:
    """MLflow and Prefect; nothing has been promoted."""
    with running_servers() as running:
        yield running


@pytest.fixture
def environment(settings: Settings, servers: FakeServers, no_mnist: None) -> dict[str, str]:
    """The variables that a dashboard over this test's own services reads."""
    servers.journal = Journal(Bucket.on_s3(settings, settings.results_bucket))
    return {
        "AWS_ENDPOINT_URL": str(settings.s3_endpoint_url),
        "AWS_ACCESS_KEY_ID": settings.s3_access_key_id.get_secret_value(),
        "AWS_SECRET_ACCESS_KEY": settings.s3_secret_access_key.get_secret_value(),
        "MLFLOW_TRACKING_URI": servers.url,
        "PREFECT_API_URL": f"{servers.url}/api",
        "MNIST_INBOX_BUCKET": settings.inbox_bucket,
        "MNIST_RESULTS_BUCKET": settings.results_bucket,
        "MNIST_LABELS_BUCKET": settings.labels_bucket,
        "MNIST_CAUTIOUS_CONFIDENCE": "0",
        "MNIST_AUDIT_SHARE": "0",
        "DASHBOARD_VIEWER_PASSWORD": VIEWER_PASSWORD,
        "DASHBOARD_EDITOR_PASSWORD": EDITOR_PASSWORD,
        "DASHBOARD_SESSION_KEY": "k" * 32,
    }


@pytest.fixture(autouse=True)
def dashboard(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., None]]:
    """Point this process at the services of the test; `dashboard(NAME=…)` changes a variable."""

    def point(**changes: str) -> None:
        for name, value in changes.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(services, "current", cache(lambda: Services(load_settings())))
        st.cache_resource.clear()

    if "environment" in request.fixturenames:
        point(**request.getfixturevalue("environment"))
    yield point
    st.cache_resource.clear()


@pytest.fixture
def scorer(settings: Settings, tmp_path) -> Scorer:
    """What puts batches into the inbox and scores them."""
    return Scorer(settings, tmp_path)


class Page:
    """A page as a person reads it."""

    def __init__(self, name: str) -> None:
        script = f"from dashboard.pages.{name} import page\npage.show()\n"
        self.app = AppTest.from_string(script, default_timeout=_SECONDS)

    def open(self, **query: str) -> "Page":
        """Load the page at an address, or again."""
        for name, value in query.items():
            self.app.query_params[name] = value
        self.app.run()
        return self.checked()

    def by(self, name: str = "ada", role: Role = Role.EDITOR) -> "Page":
        """Let somebody look who has logged in."""
        self.app.session_state[PERSON] = Person(name, role)
        return self

    def checked(self) -> "Page":
        """Be sure that nobody sees a traceback."""
        assert not self.app.exception, self.app.exception[0].value
        return self

    @property
    def words(self) -> str:
        """Everything the page says in sentences."""
        app = self.app
        kinds = (app.title, app.header, app.markdown, app.caption, app.info, app.warning, app.error)
        return "\n".join(element.value for kind in kinds for element in kind).replace("\\", "")

    @property
    def numbers(self) -> dict[str, str]:
        """Label -> value of each metric."""
        return {metric.label: metric.value for metric in self.app.metric}

    @property
    def tiles(self) -> list[dict[str, str]]:
        """The images of the gallery; empty if none is shown."""
        return self.component("tiles").get("tiles", [])

    def component(self, field: str) -> dict[str, Any]:
        """Data of the first component that has this field; empty if there is none."""
        components = self.app.get("bidi_component")
        contents = (json.loads(component.proto.json) for component in components)
        return next((data for data in contents if field in data), {})


@pytest.fixture
def overview() -> Page:
    """The overview, not loaded yet."""
    return Page("overview")


@pytest.fixture
def champion_page() -> Page:
    """The page of the champion, not loaded yet."""
    return Page("champion")


@pytest.fixture
def decisions() -> Page:
    """The page of decisions, not loaded yet."""
    return Page("decisions")


@pytest.fixture
def labels() -> Page:
    """The page of labels, not loaded yet."""
    return Page("labels")


@pytest.fixture
def drift() -> Page:
    """The page of drift, not loaded yet."""
    return Page("drift")


@pytest.fixture
def batches() -> Page:
    """The page of batches, not loaded yet."""
    return Page("batches")


@pytest.fixture
def errors() -> Page:
    """The page of errors, not loaded yet."""
    return Page("errors")


@pytest.fixture
def image() -> Page:
    """The page of one image, not loaded yet."""
    return Page("image")


@pytest.fixture
def compare() -> Page:
    """The page that compares models, not loaded yet."""
    return Page("compare")


@pytest.fixture
def data() -> Page:
    """The page about the images that models learn from, not loaded yet."""
    return Page("data")


@pytest.fixture
def draw() -> Page:
    """The page to draw on, not loaded yet."""
    return Page("draw")


@pytest.fixture
def review() -> Page:
    """The page of reviews, not loaded yet."""
    return Page("review")


@pytest.fixture
def values() -> Page:
    """The page of values, not loaded yet."""
    return Page("values")


@pytest.fixture
def no_mnist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without MNIST: its images are the digits that scikit-learn brings."""
    monkeypatch.delenv("MNIST_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("MNIST_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def champion(servers: FakeServers, environment: dict[str, str], tmp_path: Path) -> FakeServers:
    """A champion, version 3, that predicts 9 for three 4s and 1 for two 7s."""
    servers.promote(**inspected.tags(tmp_path, RUN_ID))
    servers.files |= inspected.files(inspected.MISTAKES) | inspected.graph(tmp_path)
    return servers


@pytest.fixture
def review_log(settings: Settings) -> ReviewLog:
    """What people answered, in the labels bucket."""
    return ReviewLog(Bucket.on_s3(settings, settings.labels_bucket))
