"""Where a server listens."""

from __future__ import annotations

import errno
import socket

from windsock.errors import WindsockError

BACKLOG = 4096
"""Connections that wait to be accepted: a restarted server meets all its viewers at once."""


class ServerError(WindsockError):
    """The server cannot listen where it should."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at an address. Raises ServerError, with what to do, if that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ServerError(
                f"port {port} of {host} is taken by another program; choose another one with --port {port + 1}, "
                "or --port 0 for any free one"
            ) from None
        raise ServerError(f"cannot listen on port {port} of {host}: {error.strerror or error}") from None
