"""Ask for known holes in the packages of the lock: `python -m infra.audit`.

pip-audit passes over packages of which its service has no reports, as behind a mirror that keeps
packages alone, and then finds no holes. So its own report is read: what was passed over is said.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from pydantic import BaseModel, ValidationError

_COMMAND = (
    *("uv", "tool", "run", "pip-audit==2.10.1", "--progress-spinner", "off"),
    *("--disable-pip", "--require-hashes", "-r", "requirements.lock", "--format", "json"),
)


class _Hole(BaseModel):
    id: str
    fix_versions: list[str] = []


class _Package(BaseModel):
    name: str
    version: str = ""
    vulns: list[_Hole] = []
    skip_reason: str | None = None


class _Report(BaseModel):
    dependencies: list[_Package]


def known_holes(report: str) -> tuple[list[str], str]:
    """Name the holes that a report of pip-audit knows of, and what it did not look at.

    Args:
        report: In pip-audit's JSON format.

    Returns:
        A line for each hole, and a sentence about packages not audited, empty if all were.
    """
    try:
        packages = _Report.model_validate_json(report).dependencies
    except ValidationError:
        packages = []
    holes = [
        f"{package.name} {package.version}: {hole.id}, "
        f"mended in {', '.join(hole.fix_versions) or 'no version'}"
        for package in packages
        for hole in package.vulns
    ]
    passed_over = [package for package in packages if package.skip_reason is not None]
    if packages and not passed_over:
        return holes, ""
    reason = passed_over[0].skip_reason if passed_over else "pip-audit made no report"
    return holes, (
        f"{len(passed_over)} of {len(packages)} packages were not audited ({reason}). Run it "
        "where reports of holes can be reached, or give the sbom.json of `make sbom` to a "
        "scanner."
    )


def main() -> int:
    """Audit; 0 only if every package was audited and none has a known hole."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "report.json"
        subprocess.run([*_COMMAND, "-o", str(written)], check=False)
        report = written.read_text() if written.exists() else ""
    holes, not_audited = known_holes(report)
    sys.stdout.writelines(f"{hole}\n" for hole in holes)
    if not_audited:
        sys.stderr.write(f"{not_audited}\n")
    return 1 if holes else 2 * bool(not_audited)


if __name__ == "__main__":
    sys.exit(main())
