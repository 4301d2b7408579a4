"""What people did to schedules outlives a registration, on a real Prefect server."""

import os
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import get_current_settings

from infra import deployments
from infra.schedules import FILE_NAME, merged
from mnist.orchestrator import PrefectApi

YAML = """\
name: of-a-test
deployments:
  - name: default
    entrypoint: flows/one.py:one
    schedules:
      - {cron: "0 3 * * 0", slug: weekly, parameters: {seed: SEED}}
      - {cron: "7 * * * *", slug: hourly, parameters: {seed: null}}
    triggers:
      - {name: when announced, enabled: false, expect: [announced]}
    work_pool: {name: default, work_queue_name: scoring}
"""

FLOW = """\
from prefect import flow


@flow(name="one-of-a-test")
def one(seed: int | None = 0) -> None:
    pass
"""


@pytest.fixture
def environment(prefect_api: None) -> dict[str, str]:
    """How to reach the server of this session."""
    url = str(get_current_settings().api.url)
    path = f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"
    return {
        **os.environ,
        "PATH": path,
        "PREFECT_API_URL": url,
        "PREFECT_API_AUTH_STRING": "admin:nobody-asks",
    }


@pytest.fixture
def api(environment: dict[str, str]) -> PrefectApi:
    """That server."""
    return PrefectApi(environment["PREFECT_API_URL"], trust_env=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with one deployment."""
    write(tmp_path, YAML.replace("SEED", "0"))
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "one.py").write_text(FLOW)
    (tmp_path / ".local" / "logs").mkdir(parents=True)
    return tmp_path


def write(root: Path, text: str) -> None:
    (root / "prefect.yaml").write_text(text)


def record(api: PrefectApi) -> Any:
    return api.request("GET", "/deployments/name/one-of-a-test/default")


def schedules(api: PrefectApi) -> dict[str, Any]:
    return {each["slug"]: each for each in record(api)["schedules"]}


def trigger(api: PrefectApi) -> Any:
    (found,) = [
        each
        for each in api.request("POST", "/automations/filter", {"limit": 200})
        if each["name"] == "when announced"
    ]
    return found


@pytest.mark.slow
def test_what_people_paused_added_changed_and_deleted_survives_every_registration(
    root: Path, environment: dict[str, str], api: PrefectApi
) -> None:
    said: list[str] = []

    def register() -> bool:
        return deployments.register(root, root / ".local", environment, said.append)

    assert register()
    assert schedules(api).keys() == {"weekly", "hourly"}
    assert said == []
    assert schedules(api)["hourly"]["parameters"] == {"seed": None}  # as our weekly one has it
    path = f"/deployments/{record(api)['id']}/schedules"
    weekly = schedules(api)["weekly"]
    paused = {"active": False, "schedule": weekly["schedule"], "slug": "weekly"}
    api.request("PATCH", f"{path}/{weekly['id']}", paused | {"parameters": weekly["parameters"]})
    api.request("DELETE", f"{path}/{schedules(api)['hourly']['id']}")
    own = {"schedule": {"cron": "0 5 * * 1", "timezone": "UTC"}, "parameters": {"seed": 5}}
    api.request("POST", path, [{**own, "slug": None}, {**own, "slug": "mondays"}])
    api.request("PATCH", f"/automations/{trigger(api)['id']}", {"enabled": True})
    api.request("POST", f"/deployments/{record(api)['id']}/pause_deployment", {})

    write(root, YAML.replace("SEED", "7"))  # an upgrade
    assert register()
    after = schedules(api)
    assert after.keys() == {"weekly", "mondays", None}
    assert (after["weekly"]["active"], after["weekly"]["parameters"]) == (False, {"seed": 7})
    assert after["mondays"]["schedule"]["cron"] == "0 5 * * 1"
    assert after["mondays"]["parameters"] == {"seed": 5}
    assert trigger(api)["enabled"]
    assert record(api)["paused"]
    assert any("mondays" in line for line in said)

    # Cut short between `prefect deploy` and putting back, nothing is lost either.
    (root / ".local" / "deployed").unlink()
    people = deployments.People(api, root / ".local")
    people.note()
    for each in schedules(api).values():
        api.request("DELETE", f"{path}/{each['id']}")
    assert register()
    assert schedules(api).keys() == {"weekly", "mondays", None}
    assert not schedules(api)["weekly"]["active"]
    assert not (root / ".local" / f"{FILE_NAME}.before").exists()


def made(slug: str | None, cron: str = "0 3 * * 0", seed: int = 0, *, active: bool = True) -> Any:
    times, parameters = {"cron": cron}, {"seed": seed}
    return {"slug": slug, "schedule": times, "parameters": parameters, "active": active}


def test_an_upgrade_changes_what_nobody_touched() -> None:
    ours = [made("weekly", "0 4 * * 0", 7)]
    assert merged(ours, [made("weekly")], [made("weekly")]) == ours


def test_a_changed_time_is_a_persons_and_the_new_parameters_are_ours() -> None:
    theirs = [made("weekly", "0 9 * * 0")]
    merged_ = merged([made("weekly", "0 4 * * 0", 7)], theirs, [made("weekly")])
    assert merged_ == [made("weekly", "0 9 * * 0", 7)]


def test_before_anything_was_remembered_times_and_pauses_are_a_persons() -> None:
    theirs = [made("weekly", "0 9 * * 0", 0, active=False)]
    assert merged([made("weekly", seed=7)], theirs, None) == [
        made("weekly", "0 9 * * 0", 7, active=False)
    ]


def test_what_an_upgrade_no_longer_has_goes_and_what_a_person_added_stays() -> None:
    theirs = [made("weekly"), made("monthly")]
    assert merged([], theirs, [made("weekly")]) == [made("monthly")]


def test_a_new_schedule_arrives() -> None:
    assert merged([made("daily")], [], [made("weekly")]) == [made("daily")]
