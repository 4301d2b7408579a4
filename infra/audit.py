"""Ask for known holes in the packages of the lock: `python -m infra.audit`.

pip-audit asks PyPI's JSON API about each package, and calls it "not found" where a mirror stands in
that has packages but no reports. So this asks first whether anybody there knows of reports at all.
"""

import subprocess
import sys

import httpx

from mnist.errors import MnistError, Unavailable

_REPORTS = "https://pypi.org/pypi/pip/25.0/json"
_COMMAND = (
    *("uv", "tool", "run", "pip-audit==2.10.1"),
    *("--strict", "--disable-pip", "--require-hashes", "-r", "requirements.lock"),
)


def require_reports(url: str = _REPORTS) -> None:
    """Make sure that a service answers which knows of holes.

    Raises:
        Unavailable: If none does, with what to do instead.
    """
    try:
        answer = httpx.get(url, timeout=10, follow_redirects=True)
        said = f"answered {answer.status_code}"
        knows = answer.is_success and "vulnerabilities" in answer.json()
    except (httpx.HTTPError, ValueError) as error:
        knows, said = False, f"did not answer ({error})"
    if not knows:
        raise Unavailable(
            f"Nothing was audited: {url}, where reports of holes are kept, {said}. Run it "
            "where pypi.org itself is reached, or give the sbom.json of `make sbom` to a scanner."
        )


def main() -> int:
    """Audit; 0 only if no package has a known hole."""
    try:
        require_reports()
    except MnistError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return subprocess.run(_COMMAND, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
