"""The policy: sensible as it comes, impossible values refused, every field documented."""

import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from mnist.errors import InvalidPolicy
from mnist.promotion import Policy, small_sample_policy

GATES = Path(__file__).parents[3] / "docs" / "gates.md"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"alpha": 0}, "alpha.*got 0"),
        ({"alpha": 0.5}, "alpha"),
        ({"margin": -0.1}, "margin.*got -0.1"),
        ({"margin": float("nan")}, "margin"),
        ({"power": 1.0}, "power"),
        ({"macro_f1_floor": 1.5}, "macro_f1_floor.*1.5"),
        ({"slice_floors": {"thin": 2}}, "slice_floors.thin.*got 2"),
        ({"confusion_pairs": ((4, 4),)}, r"pair \(4, 4\) is no confusion"),
        ({"confusion_pairs": ((4, 10),)}, "confusion_pairs.0.1.*got 10"),
        ({"confusion_pairs": ((4, 9), (4, 9))}, "twice"),
        ({"required": {"luck"}}, "required.*luck"),
        ({"brier_cap": 3}, "brier_cap"),
        ({"log_loss_cap": float("inf")}, "log_loss_cap"),
        ({"bootstrap_replicates": 10}, "bootstrap_replicates"),
        ({"latency_p99_cap_ms": 0}, "latency_p99_cap_ms"),
        ({"version": ""}, "version"),
        ({"macro_f1_flor": 0.9}, "macro_f1_flor"),
    ],
)
def test_an_impossible_value_is_refused_by_name(values, message):
    with pytest.raises(InvalidPolicy, match=message):
        Policy(**values)


def test_several_problems_are_told_at_once():
    with pytest.raises(InvalidPolicy, match=r"alpha.*; margin"):
        Policy(alpha=2, margin=2)


def test_a_policy_does_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        Policy().alpha = 0.5


def test_a_policy_survives_json():
    policy = Policy(version="strict", required={"writers"}, slice_floors={"thin": 0.9})

    assert Policy(**json.loads(json.dumps(policy.model_dump(mode="json")))) == policy


def test_changes_are_what_differs_from_the_defaults():
    assert Policy().changes() == {}
    assert Policy(version="mine", margin=0.001).changes() == {"version": "mine", "margin": 0.001}


def test_the_policy_for_small_samples_has_its_own_version():
    assert small_sample_policy().version != Policy().version


def test_every_field_is_described():
    assert all(field.description for field in Policy.model_fields.values())


def test_every_field_and_default_is_documented():
    """The table of docs/gates.md lists each field once, with the default in force."""
    documented = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", GATES.read_text(), re.MULTILINE))

    defaults = {name: json.dumps(value) for name, value in Policy().model_dump(mode="json").items()}
    assert documented == defaults


@pytest.mark.parametrize("name", Policy.model_fields)
def test_every_field_decides_something(name):
    sources = Path("mnist/promotion").glob("*.py")
    code = "".join(path.read_text() for path in sources if path.name != "policy.py")

    assert re.search(rf'\bpolicy\.{name}\b|\["policy"\]\["{name}"\]', code), "no check uses it"
