"""Whose connection it is."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from windsock.engine.protocol.request import Request

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own: a tool's, or that of a proxy which speaks for many."""
    return host.startswith("127.") or host in ("::1", "::ffff:127.0.0.1")


def viewer_address(request: Request, peer: str, proxies: Sequence[Network]) -> str:
    """The address of the viewer: the peer's own, or the last one that a trusted proxy tells of it."""
    if not proxies or not is_in(peer, proxies):
        return peer
    return request.header("x-forwarded-for").rpartition(",")[2].strip() or peer


def is_in(host: str, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in networks)
