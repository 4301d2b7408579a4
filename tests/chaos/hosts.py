"""A second host: a network namespace of this machine, with a cable that can be pulled."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET of <sched.h>
_CABLE_THERE = "eth0"
_PROGRAM = shutil.which("ip")


@dataclass(frozen=True)
class OtherHost:
    """A host that reaches nothing but this one.

    Attributes:
        name: Of its network namespace.
        address: By which it reaches this host.
    """

    name: str
    address: str

    @property
    def network(self) -> Path:
        """What a process opens to be on that host."""
        return Path("/run/netns", self.name)

    def pull_cable(self) -> None:
        """Cut it off."""
        _ip("-n", self.name, "link", "set", _CABLE_THERE, "down")

    def plug_in(self) -> None:
        """Connect it again."""
        _ip("-n", self.name, "link", "set", _CABLE_THERE, "up")


@contextmanager
def other_host() -> Iterator[OtherHost]:
    """Make a host and remove it; the test is skipped where only root may and this is not root."""
    if os.geteuid() != 0 or _PROGRAM is None:
        pytest.skip("a second host takes root and the program `ip` (Debian: iproute2)")
    number = os.getpid() % 65_536  # 64 pairs of addresses in each of 1,024 networks
    name, cable = f"digits-{number}", f"digits{number}"
    network, pair = f"10.{200 + number // 16_384}.{number // 64 % 256}", number % 64 * 4
    here, there = f"{network}.{pair + 1}", f"{network}.{pair + 2}"
    _ip("netns", "add", name)
    try:
        _ip("link", "add", cable, "type", "veth", "peer", "name", _CABLE_THERE, "netns", name)
        _ip("address", "add", f"{here}/30", "dev", cable)
        _ip("-n", name, "address", "add", f"{there}/30", "dev", _CABLE_THERE)
        _ip("link", "set", cable, "up")
        host = OtherHost(name, here)
        host.plug_in()
        yield host
    finally:
        _ip("netns", "delete", name)  # the cable goes with it


def enter(network: Path) -> None:
    """Put this process, which must have one thread, on the host of a network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    with network.open("rb") as opened:
        if libc.setns(opened.fileno(), _NEW_NETWORK):
            raise OSError(ctypes.get_errno(), f"cannot enter {network}")


def _ip(*arguments: str) -> None:
    subprocess.run([str(_PROGRAM), *arguments], check=True)
