"""Servers of this machine are reached directly, whatever proxy the environment names."""

import os
from collections.abc import Mapping

from infra.ports import LOOPBACK

_DIRECT = (LOOPBACK, "localhost", "::1")


def direct_to_loopback(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the two variables that keep every client from asking a proxy for loopback."""
    listed = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    hosts = list(dict.fromkeys([*_DIRECT, *filter(None, listed.split(","))]))
    value = ",".join(hosts)
    return {"NO_PROXY": value, "no_proxy": value}


def reach_loopback_directly() -> None:
    """Set them for this process: for whoever talks to servers of this machine."""
    os.environ.update(direct_to_loopback(os.environ))
