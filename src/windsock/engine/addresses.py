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
    """The address of the viewer: the peer's own, or the last one that trusted proxies tell of that is none of them."""
    if not proxies:
        return peer
    *_, last = (peer, *behind(peer, request.header("x-forwarded-for"), proxies))
    return last


def behind(peer: str, forwarded: str, proxies: Sequence[Network]) -> list[str]:
    """Whom the peer speaks for, if it is a trusted proxy, and whom those speak for as long as they are; nearest first.

    ``forwarded`` is ``X-Forwarded-For``: each proxy adds the address that it was asked from.
    """
    found: list[str] = []
    for told in reversed([name for name in map(str.strip, forwarded.split(",")) if name]):
        if not is_in(found[-1] if found else peer, proxies):
            break
        found.append(told)
    return found


def is_in(host: str, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in networks)
