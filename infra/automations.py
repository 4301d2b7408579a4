"""Register the automations of `automations.yaml` with the Prefect server, by name.

`prefect automation create` makes a second one of the same name each time it is called; so this asks
first. Addresses of people are secrets, and lie in a Prefect block.
"""

import copy
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.prefect_server import prefect_api
from mnist.errors import InvalidSettings
from mnist.orchestrator import NotThere, PrefectApi

FILE_NAME = "automations.yaml"
NOTIFY_URL = "NOTIFY_URL"
_BLOCK = "people"

_ALL_AUTOMATIONS = ("/automations/filter", {"limit": 200})

Automation = dict[str, Any]


def declared(root: Path) -> list[Automation]:
    """List the automations of `automations.yaml`.

    Raises:
        InvalidSettings: If the file is missing or an entry lacks its name.
    """
    file = root / FILE_NAME
    try:
        automations: list[Automation] = yaml.safe_load(file.read_text())
        names = [automation["name"] for automation in automations]
    except (FileNotFoundError, yaml.YAMLError, KeyError, TypeError) as error:
        raise InvalidSettings(f"{file} does not list automations by name: {error!r}.") from error
    if len(set(names)) < len(names):
        raise InvalidSettings(f"{file} has two automations of one name: {sorted(names)}.")
    return automations


def register_automations(root: Path, directory: Path, environment: Mapping[str, str]) -> bool:
    """Create or update every automation; say whether the server had to be told.

    Automations of other names are left alone.

    Args:
        root: The checkout, with `automations.yaml`.
        directory: Folder of local state; remembers what was registered last.
        environment: As for the stack's processes; NOTIFY_URL says who is told.

    Raises:
        Unavailable: If the server does not answer or refuses one.
    """
    url = environment.get(NOTIFY_URL, "")
    remembered = directory / "automated"
    digest = hashlib.sha256((root / FILE_NAME).read_bytes() + url.encode()).hexdigest()
    api = prefect_api(environment)
    registered = {record["name"]: record for record in api.request("POST", *_ALL_AUTOMATIONS)}
    unchanged = remembered.exists() and remembered.read_text() == digest
    if unchanged and {automation["name"] for automation in declared(root)} <= registered.keys():
        return False
    block = _save_block(api, url) if url else None
    for automation in declared(root):
        content = resolved(automation, block, lambda name: _deployment_id(api, name))
        if (record := registered.get(automation["name"])) is not None:
            content["enabled"] = record["enabled"]  # a person's switch stays where it is
            api.request("PUT", f"/automations/{record['id']}", content)
        else:
            api.request("POST", "/automations/", content)
    remembered.write_text(digest)
    return True


def resolved(automation: Automation, block: str | None, deployment_id: Any) -> Automation:
    """Put in what only the server knows: ids of deployments and of the block with the address.

    Args:
        automation: As `automations.yaml` has it.
        block: Id of the block; None if there is nobody to tell, and then nothing is called.
        deployment_id: Gives the id for a name like `retrain/default`.
    """
    content = copy.deepcopy(automation)
    for action in content["actions"]:
        if "deployment" in action:
            action["deployment_id"] = deployment_id(action.pop("deployment"))
        if "notify" in action:
            text = action.pop("notify")
            call = {"type": "call-webhook", "block_document_id": block, "payload": _payload(text)}
            action.update(call if block else {"type": "do-nothing"})
    return content


def _payload(text: str) -> str:
    """Make the JSON that chat services take, whatever the text holds."""
    quoted = "{% set text %}" + text + "{% endset %}"
    return quoted + '{"text": {{ text | tojson }}}'


def _deployment_id(api: PrefectApi, name: str) -> str:
    return str(api.request("GET", f"/deployments/name/{name}")["id"])


def _save_block(api: PrefectApi, url: str) -> str:
    data = {"method": "POST", "url": url, "headers": {"Content-Type": "application/json"}}
    kind = api.request("GET", "/block_types/slug/webhook")
    try:
        path = f"/block_types/slug/webhook/block_documents/name/{_BLOCK}"
        document = str(api.request("GET", path)["id"])
    except NotThere:
        return _create_block(api, kind["id"], data)
    api.request("PATCH", f"/block_documents/{document}", {"data": data})
    return document


def _create_block(api: PrefectApi, kind: str, data: Mapping[str, object]) -> str:
    query = {"block_schemas": {"block_type_id": {"any_": [kind]}}}
    schemas = api.request("POST", "/block_schemas/filter", query)
    content = {
        "name": _BLOCK,
        "data": data,
        "block_type_id": kind,
        "block_schema_id": schemas[0]["id"],
    }
    return str(api.request("POST", "/block_documents/", content)["id"])
