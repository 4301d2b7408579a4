"""Whether the services that everything rests on answer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from mnist.errors import MnistError, Unavailable


@dataclass(frozen=True)
class Health:
    """What one service answered.

    Attributes:
        service: Its name for people.
        problem: What is wrong and what to do; None if it answered.
    """

    service: str
    problem: str | None


def health(checks: dict[str, Callable[[], object]]) -> list[Health]:
    """Ask all services at once; a check fails by raising an error of ours."""
    with ThreadPoolExecutor(len(checks)) as pool:
        return list(pool.map(_asked, checks, checks.values()))


def ask_prefect(api_url: str | None) -> None:
    """Ask Prefect's server whether it is well.

    Raises:
        Unavailable: If it is not, or nobody said where it is.
    """
    if api_url is None:
        raise Unavailable(
            "PREFECT_API_URL is not set, so nobody can say whether Prefect is up; set it to the "
            "address of Prefect's API, which ends in /api."
        )
    advice = "check PREFECT_API_URL and that the server is up; batches wait in the inbox meanwhile"
    try:
        answer = httpx.get(f"{api_url.rstrip('/')}/health", timeout=3)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(f"Prefect did not answer at {api_url} ({error}); {advice}.") from error
    if not answer.is_success or "true" not in answer.text:
        raise Unavailable(
            f"Prefect answered {answer.status_code} {answer.text[:80]!r} at {api_url}; {advice}."
        )


def _asked(service: str, check: Callable[[], object]) -> Health:
    try:
        check()
    except MnistError as error:
        return Health(service, str(error))
    return Health(service, None)
