"""Every page with a service that is down: one sentence for the cause, and never a traceback."""

import pytest

from tests.dashboard.conftest import PAGES, Page
from tests.reviewing import review

pytestmark = pytest.mark.usefixtures("environment", "no_mnist")

DEAD = {
    "store": {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
    "registry": {"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"},
    "orchestrator": {"PREFECT_API_URL": "http://127.0.0.1:1/api"},
}


@pytest.mark.slow
@pytest.mark.parametrize("service", DEAD)
@pytest.mark.parametrize("name", PAGES)
def test_a_dead_service_is_one_sentence(name, service, champion, scorer, review_log, dashboard):
    scorer.drop("scans", 3)
    scorer.score("scans")
    row = scorer.results.rows("scans").to_pylist()[0]
    version = {"key": row["key"], "etag": row["etag"], "size": row["bytes"]}
    review_log.append(review("", "ada", "3", sha256=row["sha256"], **version))
    dashboard(**DEAD[service])
    address = {"image": {"batch": "scans"} | {key: str(value) for key, value in version.items()}}
    page = Page(name).by("ada").open(**address.get(name, {}))
    errors = [element.value for element in page.app.error]
    assert len(errors) <= 1, errors
