from __future__ import annotations

import socket

import pytest

from windsock.addresses import browsable
from windsock.web.serving import BACKLOG, ServerError, listen


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104  # it is closed at once
        ("::1", "[::1]"),
        ("::", "[::1]"),
    ],
)
def test_what_is_listened_at_has_an_address_that_a_browser_can_open(host: str, shown: str) -> None:
    assert shown == browsable(host)
    with listen(host, 0) as listener, socket.create_connection((shown.strip("[]"), listener.getsockname()[1])):
        pass


def test_a_port_that_is_taken_is_said_with_another_one() -> None:
    with listen("127.0.0.1", 0) as listener, pytest.raises(ServerError) as refused:
        listen("127.0.0.1", listener.getsockname()[1])
    port = listener_port(str(refused.value))
    assert f"port {port} of 127.0.0.1 is taken" in str(refused.value)
    assert f"--port {port + 1}" in str(refused.value)


def listener_port(text: str) -> int:
    return int(text.split()[1])


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_that_cannot_be_listened_at_is_said(host: str) -> None:
    with pytest.raises(ServerError, match=f"cannot listen on port 0 of {host}: "):
        listen(host, 0)


def test_connections_wait_while_the_server_is_not_there_yet() -> None:
    with listen("127.0.0.1", 0) as listener:
        waiting = [socket.create_connection(listener.getsockname()) for _ in range(200)]
        assert len(waiting) < BACKLOG
        for connection in waiting:
            connection.close()
