"""prefect.yaml: every entrypoint loads, every parameter exists, every schedule is one."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from prefect import Flow
from prefect.client.schemas.schedules import CronSchedule
from prefect.utilities.importtools import import_object

MANIFEST = yaml.safe_load(Path("prefect.yaml").read_text())
DEPLOYMENTS = {
    f"{each['entrypoint'].rpartition('.')[2]}/{each['name']}": each
    for each in MANIFEST["deployments"]
}
KNOWN_KEYS = {
    "name",
    "entrypoint",
    "description",
    "tags",
    "parameters",
    "schedules",
    "concurrency_limit",
    "work_pool",
    "triggers",
}


@pytest.fixture(params=DEPLOYMENTS, ids=str)
def deployment(request):
    return DEPLOYMENTS[request.param]


@pytest.fixture
def flow(deployment) -> Flow:
    return import_object(deployment["entrypoint"])


def test_the_deployments_people_are_told_of_exist():
    assert {"retrain/default", "score_batch/default", "watch_inbox/default"} <= set(DEPLOYMENTS)


def test_the_entrypoint_is_a_flow_with_a_verb_for_a_name(flow, deployment):
    assert isinstance(flow, Flow)
    assert flow.name == deployment["entrypoint"].rpartition(".")[2].replace("_", "-")


def test_no_key_is_misspelt_because_prefect_would_ignore_it(deployment):
    assert set(deployment) <= KNOWN_KEYS


def test_the_first_tag_says_what_it_does_in_a_few_words(deployment):
    """Prefect's page of deployments calls all of them `default`, and cuts long tags off."""
    (first, area) = deployment["tags"]
    assert 10 <= len(first) <= 20
    assert area in {"training", "scoring", "monitoring", "intervention"}
    assert [each["tags"][0] for each in DEPLOYMENTS.values()].count(first) == 1
    assert deployment["description"].count(".") >= 1


def test_parameters_are_those_of_the_flow(flow, deployment):
    allowed = set(flow.parameters.properties)
    given = [deployment.get("parameters", {})]
    given += [schedule.get("parameters", {}) for schedule in deployment.get("schedules", [])]
    for parameters in given:
        assert set(parameters) <= allowed
        known = {n: v for n, v in parameters.items() if n in allowed}
        required = dict.fromkeys(flow.parameters.required or (), "1")
        flow.validate_parameters(required | known)


def test_every_parameter_is_explained_in_the_form(flow):
    for name, schema in flow.parameters.properties.items():
        assert schema.get("description"), f"{flow.name}: parameter {name} has no description"


def test_schedules_are_valid_and_name_a_time_zone(deployment):
    for schedule in deployment.get("schedules", []):
        assert CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
        ZoneInfo(schedule["timezone"])
        assert schedule["slug"]


def test_scoring_never_waits_behind_training():
    queues = {name: each["work_pool"]["work_queue_name"] for name, each in DEPLOYMENTS.items()}
    assert queues["score_batch/default"] != queues["retrain/default"]
