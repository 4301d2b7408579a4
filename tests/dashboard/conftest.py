"""Pages over a real store, a fake MLflow and a fake Prefect."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import wiring
from dashboard.access.login import PERSON
from dashboard.access.people import Person, Role
from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.reviews import ReviewLog
from tests.dashboard import inspected
from tests.dashboard.browser import address, visit  # noqa: F401  # fixtures
from tests.dashboard.fake_services import RUN_ID, FakeServices, running_services
from tests.dashboard.scored import Scorer

_SECONDS = 60

VIEWER_PASSWORD = "only-for-looking"
EDITOR_PASSWORD = "also-for-changing"


def _forget() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()
    for part in vars(wiring).values():
        if hasattr(part, "cache_clear"):
            part.cache_clear()


@pytest.fixture
def services() -> Iterator[FakeServices]:
    """MLflow and Prefect; nothing has been promoted."""
    with running_services() as running:
        yield running


@pytest.fixture
def environment(settings: Settings, services: FakeServices, no_mnist: None) -> dict[str, str]:
    """The variables that a dashboard over this test's own services reads."""
    return {
        "AWS_ENDPOINT_URL": str(settings.s3_endpoint_url),
        "AWS_ACCESS_KEY_ID": settings.s3_access_key_id.get_secret_value(),
        "AWS_SECRET_ACCESS_KEY": settings.s3_secret_access_key.get_secret_value(),
        "MLFLOW_TRACKING_URI": services.url,
        "PREFECT_API_URL": f"{services.url}/api",
        "MNIST_INBOX_BUCKET": settings.inbox_bucket,
        "MNIST_RESULTS_BUCKET": settings.results_bucket,
        "MNIST_LABELS_BUCKET": settings.labels_bucket,
        "DASHBOARD_VIEWER_PASSWORD": VIEWER_PASSWORD,
        "DASHBOARD_EDITOR_PASSWORD": EDITOR_PASSWORD,
    }


@pytest.fixture(autouse=True)
def dashboard(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., None]]:
    """Point this process at the services of the test; `dashboard(NAME=…)` changes a variable."""

    def point(**changes: str) -> None:
        for name, value in changes.items():
            monkeypatch.setenv(name, value)
        _forget()

    if "environment" in request.fixturenames:
        point(**request.getfixturevalue("environment"))
    yield point
    _forget()


@pytest.fixture
def scorer(settings: Settings, tmp_path) -> Scorer:
    """What drops and scores batches."""
    return Scorer(settings, tmp_path)


def _overview() -> None:
    from dashboard.views import overview

    overview.show()


def _batches() -> None:
    from dashboard.views import batches

    batches.show()


def _review() -> None:
    from dashboard.views import review

    review.show()


class Page:
    """A page as a person reads it."""

    def __init__(self, function: Callable[[], None]) -> None:
        self.app = AppTest.from_function(function, default_timeout=_SECONDS)

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
        """What the first component was given that has this field; empty if there is none."""
        given = (json.loads(each.proto.json) for each in self.app.get("bidi_component"))
        return next((data for data in given if field in data), {})


@pytest.fixture
def overview() -> Page:
    """The overview, not loaded yet."""
    return Page(_overview)


@pytest.fixture
def batches() -> Page:
    """The page of batches, not loaded yet."""
    return Page(_batches)


def _errors() -> None:
    from dashboard.views import errors

    errors.show()


@pytest.fixture
def errors() -> Page:
    """The page of errors, not loaded yet."""
    return Page(_errors)


def _image() -> None:
    from dashboard.views import image

    image.show()


@pytest.fixture
def image() -> Page:
    """The page of one image, not loaded yet."""
    return Page(_image)


def _compare() -> None:
    from dashboard.views import compare

    compare.show()


@pytest.fixture
def compare() -> Page:
    """The page that compares models, not loaded yet."""
    return Page(_compare)


def _data() -> None:
    from dashboard.views import data

    data.show()


@pytest.fixture
def data() -> Page:
    """The page about the images that models learn from, not loaded yet."""
    return Page(_data)


@pytest.fixture
def no_mnist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without MNIST: its images are the digits that scikit-learn brings."""
    monkeypatch.delenv("MNIST_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("MNIST_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def champion(services: FakeServices, no_mnist: None, tmp_path: Path) -> FakeServices:
    """A champion, version 3, that reads three 4s as 9 and two 7s as 1."""
    services.promote(**inspected.tags(tmp_path, RUN_ID))
    services.files |= inspected.files(inspected.MISTAKES) | inspected.graph(tmp_path)
    return services


@pytest.fixture
def review_log(settings: Settings) -> ReviewLog:
    """What people said, in the labels bucket."""
    return ReviewLog(Bucket.on_s3(settings, settings.labels_bucket))


@pytest.fixture
def review() -> Page:
    """The page of reviews, not loaded yet."""
    return Page(_review)
