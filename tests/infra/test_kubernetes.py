"""The manifests say what the compose file says: commands, variables, secrets, checks of health."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "infra" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
OBJECTS: list[dict[str, Any]] = [
    each
    for name in KUSTOMIZATION["resources"]
    for each in yaml.safe_load_all((FOLDER / name).read_text())
]
WORKLOADS = {
    each["metadata"]["name"]: each
    for each in OBJECTS
    if each["kind"] in {"Deployment", "StatefulSet", "Job"}
}
COMPOSE = yaml.safe_load((FOLDER.parent / "compose.yaml").read_text())["services"]
SECRETS = set(
    re.findall(
        r"^([A-Z_]+)=", (FOLDER.parent / "compose.env.example").read_text(), flags=re.MULTILINE
    )
)


def pod(name: str) -> dict[str, Any]:
    found: dict[str, Any] = WORKLOADS[name]["spec"]["template"]["spec"]
    return found


def test_every_file_is_part_of_it_and_every_container_has_its_pod() -> None:
    files = {file.name for file in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert files == set(KUSTOMIZATION["resources"])
    ours = {n for n, each in COMPOSE.items() if "build" in each and "profiles" not in each}
    assert set(WORKLOADS) == ours


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_pod_runs_what_the_container_runs_with_the_same_variables(name: str) -> None:
    (container,) = pod(name)["containers"]
    assert container["command"] == COMPOSE[name]["command"]
    given = {each["name"]: each for each in container["env"]}
    wanted = COMPOSE[name]["environment"]
    for variable, value in wanted.items():
        required = re.fullmatch(r"\$\{(\w+):\?.+\}", str(value))
        if required:
            reference = given[variable]["valueFrom"]["secretKeyRef"]
            assert reference == {"name": "digits-secrets", "key": required[1]}
            assert required[1] in SECRETS
        elif "${" not in str(value):
            assert given[variable]["value"] == str(value)
    parts_of_addresses = {"PREFECT_DATABASE_PASSWORD", "MLFLOW_DATABASE_PASSWORD"}
    assert set(given) - parts_of_addresses <= set(wanted)


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_pod_can_change_nothing_but_its_volume(name: str) -> None:
    assert pod(name)["securityContext"]["runAsNonRoot"]
    assert not pod(name)["automountServiceAccountToken"]
    (container,) = pod(name)["containers"]
    assert container["securityContext"] == {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("name", [name for name in WORKLOADS if name != "provision"])
def test_a_pod_is_asked_whether_it_is_well(name: str) -> None:
    (container,) = pod(name)["containers"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        command = container[probe]["exec"]["command"]
        assert command[:3] == ["python", "-m", "infra.healthcheck"]


def test_the_image_is_pinned_in_one_place() -> None:
    (image,) = KUSTOMIZATION["images"]
    assert {pod(name)["containers"][0]["image"] for name in WORKLOADS} == {image["name"]}
    assert re.fullmatch(r"\d+\.\d+\.\d+", image["newTag"])


def test_services_and_policies_select_pods_that_exist() -> None:
    for each in OBJECTS:
        if each["kind"] == "Service":
            name = each["spec"]["selector"]["app.kubernetes.io/name"]
            (container,) = pod(name)["containers"]
            (port,) = each["spec"]["ports"]
            assert container["ports"] == [{"name": "main", "containerPort": port["port"]}]
        if each["kind"] == "NetworkPolicy":
            selected = each["spec"]["podSelector"]
            label = selected.get("matchLabels", {}).get("app.kubernetes.io/name")
            assert label is None or label in WORKLOADS


def test_the_store_lets_others_in_on_its_s3_port_only() -> None:
    policies = {p["metadata"]["name"]: p["spec"] for p in OBJECTS if p["kind"] == "NetworkPolicy"}
    (rule,) = policies["store-serves-s3-only"]["ingress"]
    assert rule["ports"] == [{"port": 8333}]
    (excluded,) = policies["only-among-ourselves"]["podSelector"]["matchExpressions"]
    assert excluded == {"key": "app.kubernetes.io/name", "operator": "NotIn", "values": ["store"]}
