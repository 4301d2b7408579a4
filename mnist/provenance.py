"""Where a result comes from: the code and the environment that made it, and what a model is of."""

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self

_PACKAGES = (
    "keras",
    "tensorflow-cpu",
    "tensorflow",
    "onnxruntime",
    "numpy",
    "scikit-learn",
    "opencv-python-headless",
    "mlflow",
    "prefect",
)


@cache
def code_digest() -> str:
    """SHA-256 over the sources of this package, the same for equal checkouts anywhere."""
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def environment() -> dict[str, str]:
    """Name the versions that can change a number: Python, the machine, the main libraries."""
    versions = {"python": platform.python_version(), "machine": platform.machine()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "absent"
    return versions


@cache
def environment_digest() -> str:
    """SHA-256 over those versions."""
    return hashlib.sha256(json.dumps(environment(), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Origin:
    """What a model version is made of, as its tags say; empty where they do not say it.

    Attributes:
        dataset: Data source of its images: `mnist`, `sklearn-digits`.
        recipe: Name of the recipe.
        seed: With which seed.
        images_digest: SHA-256 over the digests of its training, validation and test images.
        code_digest: SHA-256 over the sources that trained it.
        environment_digest: SHA-256 over the versions of what they ran on.
        device: What trained it: `CPU`, the name of a GPU, or `elsewhere`.
        max_accepted_error_rate: What the threshold of acceptance was chosen for.
    """

    dataset: str = ""
    recipe: str = ""
    seed: str = ""
    images_digest: str = ""
    code_digest: str = ""
    environment_digest: str = ""
    device: str = ""
    max_accepted_error_rate: str = ""

    @classmethod
    def of(cls, tags: Mapping[str, str]) -> Self:
        """Take it out of the tags of a version."""
        return cls(**{field.name: tags.get(field.name, "") for field in fields(cls)})

    @property
    def tags(self) -> dict[str, str]:
        """As tags of a version."""
        return asdict(self)

    def gives_the_same_as(self, other: Self) -> bool:
        """Tell whether both trainings must give the same weights; unknown is never the same."""
        return self == other and all(asdict(self).values())
