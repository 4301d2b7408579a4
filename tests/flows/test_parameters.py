"""Parameters of every deployment, from the command line through the server to the flow.

Prefect's command line takes each value for JSON if it can: `batch=20241105` arrives as a number.
"""

import asyncio
import os
import subprocess
import sysconfig
from datetime import date
from pathlib import Path

import pytest
import yaml
from prefect.cli._utilities import load_json_key_values
from prefect.client.orchestration import get_client
from prefect.exceptions import ParameterTypeError, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL
from prefect.utilities.importtools import import_object

from flows.monitor import monitor
from flows.promote import promote
from flows.retrain import retrain
from flows.score_batch import score_batch
from flows.verify import verify
from mnist.errors import InvalidBatch
from tests.factories import png

ENTRYPOINTS = [
    entry["entrypoint"] for entry in yaml.safe_load(Path("prefect.yaml").read_text())["deployments"]
]
TEXTS = {
    "flows.retrain.retrain": ["recipe"],
    "flows.adopt.adopt": ["file", "labels"],
    "flows.propose_retraining.propose_retraining": ["because"],
    "flows.compare_models.compare_models": ["models"],
    "flows.compare_pipelines.compare_pipelines": ["version"],
    "flows.promote.promote": ["version", "who", "why"],
    "flows.rollback.rollback": ["who", "why", "to_version"],
    "flows.rescore.rescore": ["from_version", "to_version", "batches"],
    "flows.monitor.monitor": ["day"],
    "flows.score_batch.score_batch": ["batch"],
    "flows.verify.verify": ["batch"],
    "flows.import_set.import_set": ["place", "who", "name", "use"],
    "flows.renew_acceptance.renew_acceptance": [],
    "flows.remove_captured.remove_captured": ["identifier", "who", "why"],
    "flows.judge_canary.judge_canary": [],
    "flows.check_labels.check_labels": ["recipe"],
    "flows.find_late.find_late": [],
    "flows.watch_inbox.watch_inbox": [],
}
"""Parameters of each deployment that hold a name, a number of a version, a day or a text."""

TYPED = ["20241105", "007", "true", "false", "null", "1e5", "1.10", "-5", "[1]", "a b", "", "42"]


def of_command_line(**values: str):
    return load_json_key_values([f"{name}={value}" for name, value in values.items()], "parameter")


async def _deploy(flow) -> str:
    async with get_client() as client:
        flow_id = await client.create_flow_from_name(flow.name)
        return str(
            await client.create_deployment(
                flow_id=flow_id,
                name="default",
                parameter_openapi_schema=flow.parameters.model_dump_for_openapi(),
                enforce_parameter_schema=True,
            )
        )


async def _order(deployment: str, *each_runs):
    """Order a run with each of these parameters; return those that the server has of them."""
    async with get_client() as client:
        runs = [
            await client.create_flow_run_from_deployment(deployment, parameters=parameters)
            for parameters in each_runs
        ]
        return [(await client.read_flow_run(run.id)).parameters for run in runs]


@pytest.fixture(scope="module")
def deployments(prefect_api):
    return {name: asyncio.run(_deploy(import_object(name))) for name in ENTRYPOINTS}


def test_every_deployment_is_looked_at():
    assert set(TEXTS) == set(ENTRYPOINTS)
    for name, texts in TEXTS.items():
        properties = import_object(name).parameters.properties
        others = set(properties) - set(texts)
        kinds = {properties[other].get("type") for other in others}
        assert kinds <= {"integer", "number", "boolean", None}, (name, others)


@pytest.mark.parametrize("name", [name for name, texts in TEXTS.items() if texts])
def test_the_server_takes_what_the_command_line_makes_of_a_text(deployments, name):
    parameters = [of_command_line(**dict.fromkeys(TEXTS[name], typed)) for typed in TYPED]
    assert asyncio.run(_order(deployments[name], *parameters)) == parameters


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("20241105", "20241105"),
        ("007", "007"),
        ("true", "true"),
        ("null", "null"),
        ("-5", "-5"),
        ("42", "42"),
        ('"1e5"', "1e5"),
        ("a b", "a b"),
    ],
)
def test_a_text_is_what_was_typed(typed, text):
    parsed = of_command_line(version="1", who=typed, why=typed)
    validated = promote.validate_parameters(parsed)
    assert validated == {"version": "1", "who": text, "why": text, "canary": False}


@pytest.mark.parametrize("batch", ["20241105", "007", "true", "null", "1e5", "1.10", "[1]", "-5"])
@pytest.mark.usefixtures("wired")
def test_a_folder_of_any_name_is_scored_and_verified_as_its_name_is_typed(inbox_bucket, batch):
    inbox_bucket.put(f"{batch}/1.png", png(1))
    inbox_bucket.put("other/1.png", png(1))
    parameters = of_command_line(batch=batch)
    assert score_batch(**parameters)["batch"] == batch
    quoted = of_command_line(batch='"null"')  # without quotes it is no name: verify everything
    assert verify(**(quoted if batch == "null" else parameters))["batch"] == batch


@pytest.mark.usefixtures("wired")
def test_folders_that_the_command_line_cannot_tell_apart_are_named(inbox_bucket):
    inbox_bucket.put("1e5/1.png", png(1))
    inbox_bucket.put("100000.0/1.png", png(1))
    with pytest.raises(InvalidBatch, match=r"'100000.0' and '1e5'.*batch=\"1e5\""):
        score_batch(**of_command_line(batch="1e5"))
    assert score_batch(**of_command_line(batch='"1e5"'))["batch"] == "1e5"


@pytest.mark.usefixtures("wired")
def test_a_number_that_no_folder_is_called_is_named(inbox_bucket):
    inbox_bucket.put("scans/1.png", png(1))
    with pytest.raises(InvalidBatch, match=r"'100000.0'.*scans"):
        score_batch(**of_command_line(batch="1e5"))


@pytest.mark.parametrize("typed", ["20261105", "2026-11-05", '"2026-11-05"'])
def test_a_day_may_be_typed_with_or_without_hyphens(typed):
    assert monitor.validate_parameters(of_command_line(day=typed))["day"] == date(2026, 11, 5)


@pytest.mark.parametrize(
    ("flow", "values", "sentence"),
    [
        (promote, {"version": "abc", "who": "a", "why": "b"}, "'abc' is no version.*such as 3"),
        (promote, {"version": "1.5", "who": "a", "why": "b"}, "1.5 is no version.*such as 3"),
        (promote, {"version": "", "who": "a", "why": "b"}, "'' is no version.*such as 3"),
        (monitor, {"day": "yesterday"}, "'yesterday' is no day.*2026-11-27"),
        (monitor, {"day": "5"}, "5 is no day"),
        (retrain, {"seed": "-1"}, "greater than or equal to 0"),
        (retrain, {"approval_seconds": "-5"}, "greater than or equal to 0"),
        (score_batch, {"batch": "b", "wait_seconds": "-1"}, "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_meant_is_said_with_its_value(prefect_api, flow, values, sentence):
    with pytest.raises(ParameterTypeError, match=f"(?s){sentence}"):
        flow.validate_parameters(of_command_line(**values))


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("flows.retrain.retrain", {"seed": "-1"}, "seed.*-1 is less than the minimum of 0"),
        (
            "flows.retrain.retrain",
            {"approval_seconds": "-5"},
            "approval_seconds.*-5 is less than the minimum of 0",
        ),
        ("flows.compare_models.compare_models", {"seed": "-1"}, "-1 is less than the minimum"),
    ],
)
def test_impossible_numbers_are_refused_before_a_run_is_made(deployments, name, values, sentence):
    with pytest.raises(PrefectHTTPStatusError, match=sentence):
        asyncio.run(_order(deployments[name], of_command_line(**values)))


def test_the_version_of_a_comparison_may_be_left_out_or_typed():
    flow = import_object("flows.compare_pipelines.compare_pipelines")
    assert flow.validate_parameters(of_command_line(version="1")) == {"version": "1"}
    assert flow.validate_parameters(of_command_line(version="null")) == {"version": ""}
    assert flow.validate_parameters({}) == {"version": ""}


def test_one_batch_or_model_needs_no_brackets():
    rescore = import_object("flows.rescore.rescore")
    compare = import_object("flows.compare_models.compare_models")
    for typed in ("20241105", "[20241105]"):
        parsed = of_command_line(from_version="1", batches=typed)
        assert rescore.validate_parameters(parsed)["batches"] == ["20241105"]
    assert compare.validate_parameters(of_command_line(models="demo"))["models"] == ["demo"]
    assert compare.validate_parameters({"models": None})["models"] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("score-batch/default", ["batch=20241105"]),
        ("compare-pipelines/default", ["version=1"]),
        ("promote/default", ["version=2", "who=42", "why=1e5"]),
    ],
)
def test_prefects_command_takes_them(deployments, name, parameters):
    prefect = Path(sysconfig.get_path("scripts")) / "prefect"
    options = [option for parameter in parameters for option in ("-p", parameter)]
    done = subprocess.run(
        [prefect, "deployment", "run", name, *options],
        env={**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Created flow run" in done.stdout
