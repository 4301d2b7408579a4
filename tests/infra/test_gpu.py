"""TensorFlow for a GPU takes the place of that for CPUs; both fill one folder."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PROJECT = tomllib.loads(Path("pyproject.toml").read_text())["project"]
LOCK = Path("requirements.lock").read_text()
GPU_LOCK = Path("gpu-requirements.lock").read_text()

MACHINES = {
    "Linux x86-64": {"sys_platform": "linux", "platform_machine": "x86_64"},
    "Linux aarch64": {"sys_platform": "linux", "platform_machine": "aarch64"},
    "macOS arm64": {"sys_platform": "darwin", "platform_machine": "arm64"},
    "Windows x64": {"sys_platform": "win32", "platform_machine": "AMD64"},
}


def tensorflows(extra: str, machine: dict[str, str]) -> list[str]:
    asked = [*PROJECT["dependencies"], *(PROJECT["optional-dependencies"]["gpu"] if extra else [])]
    requirements = [Requirement(each) for each in asked if each.startswith("tensorflow")]
    return [
        f"{each.name}{sorted(each.extras)}"
        for each in requirements
        if each.marker is None or each.marker.evaluate(machine | {"extra": extra})
    ]


@pytest.mark.parametrize("machine", MACHINES)
def test_every_machine_gets_one_tensorflow(machine: str) -> None:
    wanted = "tensorflow-cpu[]" if machine in {"Linux x86-64", "Windows x64"} else "tensorflow[]"
    assert tensorflows("", MACHINES[machine]) == [wanted]


def test_with_the_extra_it_is_the_one_for_gpus_alone() -> None:
    assert tensorflows("gpu", MACHINES["Linux x86-64"]) == ["tensorflow['and-cuda']"]


def test_its_lock_has_the_tensorflow_of_the_other_and_a_hash_for_everything() -> None:
    (version,) = re.findall(r"^tensorflow-cpu==(\S+)", LOCK, re.MULTILINE)
    assert f"\ntensorflow=={version} \\\n    --hash=sha256:" in GPU_LOCK
    entries = re.findall(r"^\S+==\S+ \\\n    --hash=", GPU_LOCK, re.MULTILINE)
    assert len(entries) == GPU_LOCK.count("==")
    assert all(entry.startswith(("tensorflow==", "nvidia-")) for entry in entries)
