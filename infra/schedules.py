"""What people did to schedules, pauses and automations outlives the next registration.

`prefect deploy` replaces the schedules of a deployment by those of `prefect.yaml`, all of them
active, and makes the automations of its triggers anew. So this notes down what there was, and puts
back what people added, paused, changed or deleted.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from mnist.orchestrator import PrefectApi

FILE_NAME = "schedules.json"

_ALL = {"limit": 200}

Schedule = dict[str, Any]
"""One schedule as Prefect's API has it: `slug`, `schedule`, `parameters`, `active`, `id` …"""

_OURS_UNLESS_CHANGED = ("schedule", "parameters", "active")


class Noted(BaseModel):
    """What Prefect has of a deployment that people may change, and of every automation.

    Attributes:
        schedules: Deployment's id -> its schedules.
        paused: Ids of the deployments that are paused.
        automations: Name of each automation -> whether it is switched on.
    """

    schedules: dict[str, list[Schedule]]
    paused: list[str]
    automations: dict[str, bool]

    @classmethod
    def now(cls, api: PrefectApi) -> "Noted":
        """Ask the server."""
        deployments = api.request("POST", "/deployments/filter", _ALL)
        automations = api.request("POST", "/automations/filter", _ALL)
        return cls(
            schedules={record["id"]: record["schedules"] for record in deployments},
            paused=[record["id"] for record in deployments if record["paused"]],
            automations={record["name"]: record["enabled"] for record in automations},
        )


class People:
    """Puts back, after a registration, what people did before it.

    Args:
        api: The Prefect server.
        directory: Folder of local state. It remembers what was registered last, to tell a change of
            a person from one of this project; and what there was before a registration that was
            cut short.
    """

    def __init__(self, api: PrefectApi, directory: Path) -> None:
        self._api = api
        self._registered = directory / FILE_NAME
        self._before = directory / f"{FILE_NAME}.before"

    def note(self) -> None:
        """Note down what there is, unless that is what a registration cut short has left."""
        if not self._before.exists():
            _write(self._before, Noted.now(self._api).model_dump())

    def put_back(self) -> list[str]:
        """Put back what people did; say what that was."""
        before = Noted.model_validate_json(self._before.read_text())
        fresh = Noted.now(self._api)
        file = self._registered
        registered = json.loads(file.read_text()) if file.exists() else {}
        done = []
        for deployment, ours in fresh.schedules.items():
            if deployment in before.schedules:
                theirs = before.schedules[deployment]
                desired = merged(ours, theirs, registered.get(deployment))
                done += self._set(deployment, ours, desired)
        for deployment in set(before.paused) & (fresh.schedules.keys() - {*fresh.paused}):
            self._api.request("POST", f"/deployments/{deployment}/pause_deployment", {})
            done.append("a paused deployment")
        done += self._switch(before.automations)
        _write(file, fresh.schedules)
        self._before.unlink()
        return done

    def _set(
        self, deployment: str, ours: Sequence[Schedule], desired: Sequence[Schedule]
    ) -> list[str]:
        path = f"/deployments/{deployment}/schedules"
        ids = {schedule["slug"]: schedule["id"] for schedule in ours}
        unchanged = [_fields(schedule) for schedule in ours]
        done = []
        for schedule in desired:
            fields = _fields(schedule)
            if fields in unchanged:
                continue
            if schedule["slug"] in ids:
                self._api.request("PATCH", f"{path}/{ids[schedule['slug']]}", fields)
            else:
                self._api.request("POST", path, [fields])
            done.append(f"schedule {schedule['slug'] or schedule['schedule']}")
        kept = {schedule["slug"] for schedule in desired}
        for slug in ids.keys() - kept:
            self._api.request("DELETE", f"{path}/{ids[slug]}")
            done.append(f"schedule {slug} stays deleted")
        return done

    def _switch(self, before: Mapping[str, bool]) -> list[str]:
        done = []
        for record in self._api.request("POST", "/automations/filter", _ALL):
            is_on = before.get(record["name"], record["enabled"])
            if is_on != record["enabled"]:
                self._api.request("PATCH", f"/automations/{record['id']}", {"enabled": is_on})
                done.append(f"automation {record['name']!r}, {'on' if is_on else 'off'}")
        return done


def merged(
    ours: Sequence[Schedule], theirs: Sequence[Schedule], last: Sequence[Schedule] | None
) -> list[Schedule]:
    """Merge the schedules of a deployment as a person left them with those of `prefect.yaml`.

    Args:
        ours: As the registration has just made them.
        theirs: As they were before it.
        last: As the registration before had made them; None if that is not known. Then the times
            and the pause of a schedule are taken for a person's, and its parameters for ours.

    Returns:
        What there should be: the person's changes win, field by field.
    """
    before = {schedule["slug"]: schedule for schedule in theirs if schedule["slug"]}
    registered = {schedule["slug"]: schedule for schedule in last or ()}
    desired = []
    for fresh in ours:
        slug = fresh["slug"]
        if slug in before:
            desired.append(fresh | _changes(before[slug], registered.get(slug), last is None))
        elif (
            slug not in registered
        ):  # new; one that we made and that is gone was deleted by a person
            desired.append(fresh)
    slugs = {schedule["slug"] for schedule in ours} | registered.keys()
    added = [schedule for schedule in theirs if (schedule["slug"] or None) not in slugs]
    return desired + added


def _changes(theirs: Schedule, last: Schedule | None, is_unknown: bool) -> Schedule:  # noqa: FBT001 -- private
    if is_unknown or last is None:
        return {name: theirs[name] for name in ("schedule", "active")}
    return {name: theirs[name] for name in _OURS_UNLESS_CHANGED if theirs[name] != last[name]}


def _fields(schedule: Mapping[str, Any]) -> Schedule:
    return {name: schedule[name] for name in ("slug", *_OURS_UNLESS_CHANGED)}


def _write(file: Path, content: object) -> None:
    beside = file.with_name(f"{file.name}.new")
    beside.write_text(json.dumps(content))
    beside.replace(file)
