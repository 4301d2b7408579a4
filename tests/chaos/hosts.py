"""A second host: a network namespace of this machine, with a cable that can be pulled."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
    """Make a host and remove it; the test is skipped where this machine lets us make none."""
    if os.geteuid() != 0 or _PROGRAM is None:
        pytest.skip("a second host takes root and the program `ip` (Debian: iproute2)")
    number = os.getpid() % 65_536  # 64 pairs of addresses in each of 1,024 networks
    network, pair = f"10.{200 + number // 16_384}.{number // 64 % 256}", number % 64 * 4
    host = OtherHost(f"digits-{number}", f"{network}.{pair + 1}")
    with ExitStack() as removed:
        try:
            _ip("netns", "add", host.name)
            removed.callback(_ip, "netns", "delete", host.name)  # the cable goes with it
            _connect(host, f"digits{number}", f"{network}.{pair + 2}")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"this machine makes no second host: {error.stderr.strip()}")
        yield host


def _connect(host: OtherHost, cable: str, address_there: str) -> None:
    there = ("peer", "name", _CABLE_THERE, "netns", host.name)
    _ip("link", "add", cable, "type", "veth", *there)
    _ip("address", "add", f"{host.address}/30", "dev", cable)
    _ip("-n", host.name, "address", "add", f"{address_there}/30", "dev", _CABLE_THERE)
    _ip("link", "set", cable, "up")
    host.plug_in()


def enter(network: Path) -> None:
    """Put this process, which must have one thread, on the host of a network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    with network.open("rb") as opened:
        if libc.setns(opened.fileno(), _NEW_NETWORK):
            raise OSError(ctypes.get_errno(), f"cannot enter {network}")


def _ip(*arguments: str) -> None:
    subprocess.run([str(_PROGRAM), *arguments], check=True, capture_output=True, text=True)
