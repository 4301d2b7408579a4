"""Ports are free when they are said to be, and their holders have names."""

import os
import socket
from collections.abc import Iterator

import pytest

from infra import ports
from mnist.errors import Unavailable


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that this process listens on."""
    with socket.socket() as server:
        server.bind((ports.LOOPBACK, 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_port_somebody_listens_on_is_not_free(taken: int) -> None:
    assert not ports.is_free(taken)


def test_a_port_nobody_listens_on_any_more_is_free() -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((ports.LOOPBACK, port)):
            server.accept()[0].close()  # leaves the server's side in TIME_WAIT
    assert ports.is_free(port)


def test_the_holder_of_a_port_is_named_with_its_pid(taken: int) -> None:
    assert f"pid {os.getpid()}," in ports.holder(taken)


def test_the_holder_of_a_free_port_is_nobody_we_may_see() -> None:
    (port,) = ports.free_ports(1)
    assert ports.holder(port) == "a process that this user may not see"


def test_chosen_ports_differ_and_leave_room_for_their_grpc_twins() -> None:
    chosen = ports.free_ports(20)
    assert len(set(chosen)) == 20
    for port in chosen:
        assert ports.is_free(port)
        assert ports.is_free(port + ports.GRPC_OFFSET)


def test_chosen_ports_are_none_that_linux_lends_to_outgoing_connections() -> None:
    assert max(ports.free_ports(50)) + ports.GRPC_OFFSET < 32_768


def test_a_port_whose_grpc_twin_is_taken_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_CANDIDATES", range(15_000, 15_002))
    monkeypatch.setattr(ports, "is_free", lambda port: port != 25_000)
    assert ports.free_ports(1) == [15_001]


def test_too_few_free_ports_are_an_error_that_says_how_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ports, "is_free", lambda _port: False)
    with pytest.raises(Unavailable, match=r"Found 0 free ports .* needed 3"):
        ports.free_ports(3)
