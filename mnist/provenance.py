"""Where a result comes from: the code and the environment that made it."""

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

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
