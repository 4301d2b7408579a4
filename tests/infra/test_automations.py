"""Automations: what is declared is complete, and what the server must know is put in."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from prefect.events.schemas.automations import AutomationCore
from prefect.server.utilities.user_templates import render_user_template

from flows.support import events
from infra import automations
from infra.automations import declared, resolved
from mnist.errors import InvalidSettings
from mnist.operations import completion_message, lateness

DECLARED = {each["name"]: each for each in declared(Path())}
OUR_EVENTS = {
    value
    for module in (events, completion_message, lateness)
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, str)
} | {
    *events.DRIFTS.values(),
    "candidate.promoted",
    "candidate.refused",
    "candidate.nothing-new",
    "acceptance.broken",
}
BLOCK = "0d9ff4a3-9a0a-4b3b-8b8b-0123456789ab"
DEPLOYMENT = "1d9ff4a3-9a0a-4b3b-8b8b-0123456789ab"


def made(automation, block=BLOCK):
    return resolved(automation, block, lambda _name: DEPLOYMENT)


@pytest.fixture(params=DECLARED)
def automation(request):
    return DECLARED[request.param]


def test_prefect_understands_every_one_with_and_without_somebody_to_tell(automation):
    for block in (BLOCK, None):
        assert AutomationCore.model_validate(made(automation, block)).description


def test_no_key_is_misspelt_because_prefect_would_ignore_it(automation):
    assert set(automation) == {"name", "description", "trigger", "actions"}
    known = {"type", "posture", "expect", "match", "match_related"}
    assert set(automation["trigger"]) <= known | {"threshold", "within"}


def test_every_event_of_ours_that_is_waited_for_is_one_that_is_emitted(automation):
    for name in [*automation["trigger"]["expect"], *automation["trigger"].get("after", [])]:
        assert name.startswith("prefect.flow-run.") or name in OUR_EVENTS


def test_what_waits_in_a_trigger_of_prefect_yaml_is_emitted_too():
    deployments = yaml.safe_load(Path("prefect.yaml").read_text())["deployments"]
    triggers = [trigger for each in deployments for trigger in each.get("triggers", [])]
    waited = {name for t in triggers for name in (*t["expect"], *t.get("after", []))}
    assert waited
    assert waited <= OUR_EVENTS


def test_without_an_address_nobody_is_called():
    told = [a for each in DECLARED.values() for a in made(each, None)["actions"]]
    assert "call-webhook" not in {action["type"] for action in told}
    assert "notify" not in str(told)


def test_what_is_told_stays_json_whatever_the_text_holds():
    import jinja2

    (action,) = made(DECLARED["tell people that a batch has failed"])["actions"]
    event = {"payload": {"batch": 'monday "x"\n', "reason": "too\\many"}}
    text = jinja2.Environment(autoescape=False).from_string(action["payload"]).render(event=event)  # noqa: S701
    assert json.loads(text) == {"text": 'Batch monday "x"\n failed: too\\many'}


def test_people_are_told_where_to_look_at_a_failed_batch():
    (action,) = made(DECLARED["tell people that a batch has failed"])["actions"]
    links = {"batch": "http://digits/batches?batch=scans"}
    event = {"payload": {"batch": "scans", "reason": "All were rejected.", "links": links}}
    text = asyncio.run(render_user_template(action["payload"], {"event": event}))
    assert json.loads(text)["text"].endswith(f"All were rejected. {links['batch']}")


def test_a_training_that_crashes_by_its_own_fault_is_not_restarted_for_ever():
    restart = DECLARED["a crashed training is started again"]["trigger"]
    assert restart["threshold"] == 1
    assert restart["within"] >= 3_600


def test_a_training_is_started_again_with_the_seed_it_had_also_where_that_was_the_day():
    (action,) = DECLARED["a crashed training is started again"]["actions"]
    template = action["parameters"]["seed"]["value"]["template"]

    def seed(parameter):
        run = SimpleNamespace(
            parameters={"seed": parameter},
            expected_start_time=datetime(2026, 11, 29, 2, tzinfo=UTC),
        )
        return json.loads(asyncio.run(render_user_template(template, {"flow_run": run})))

    assert (seed(0), seed(7), seed(None)) == (0, 7, 20261129)


@pytest.mark.parametrize("text", ["- {}", "7", "- {name: a}\n- {name: a}", "["])
def test_a_file_that_is_not_understood_is_an_error_that_says_so(tmp_path, text):
    (tmp_path / automations.FILE_NAME).write_text(text)
    with pytest.raises(InvalidSettings, match="automations"):
        declared(tmp_path)


def test_none_waits_for_what_does_not_happen_because_sqlite_locks_up_over_it(automation):
    assert automation["trigger"]["posture"] == "Reactive"
