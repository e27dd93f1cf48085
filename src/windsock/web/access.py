"""Who may write: pure, decided from what a request says of itself."""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from windsock.errors import Denied

# What proxies, load balancers and tunnels add to a request. By pattern, for each has names of its own.
_FORWARDING = re.compile(
    r"HTTP_(VIA|CDN_LOOP|(FORWARDED|X_FORWARDED|X_ORIGINAL|X_ENVOY|TAILSCALE).*|.*(CLIENT|CONNECTING|REAL)_?IP)"
)
# A name or an address, and a port: nothing by which some other host could pass for this one.
_HOST = re.compile(r"(?:\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<name>[0-9a-z.-]+))(?::[0-9]*)?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Caller:
    """What a request says of where it comes from."""

    peer: str
    host: str
    scheme: str
    origin: str | None
    forwarded: bool
    token: str | None

    @classmethod
    def from_environ(cls, environ: Mapping[str, Any], token: str | None = None) -> Caller:
        """The caller of a WSGI request; ``token`` instead of that in its ``Authorization`` header."""
        return cls(
            peer=environ.get("REMOTE_ADDR", ""),
            host=environ.get("HTTP_HOST", ""),
            scheme=environ.get("wsgi.url_scheme", "http"),
            origin=environ.get("HTTP_ORIGIN"),
            forwarded=any(map(_FORWARDING.fullmatch, environ)),
            token=token if token is not None else _bearer(environ.get("HTTP_AUTHORIZATION", "")),
        )


def require_publisher(caller: Caller, key: str | None) -> None:
    """Raises Denied unless the caller may change states.

    With a key, only the key counts. Without one, only a program on this machine that speaks to it directly does:
    a loopback peer and a loopback host name, no sign of a proxy, and not on behalf of another site's page.
    """
    if key is not None:
        _require_key(caller.token, key)
        return
    if caller.forwarded:
        raise Denied("no publisher key is configured, so nothing that came through a proxy may do this")
    if not (_is_loopback(caller.peer) and _is_loopback(_hostname(caller.host))):
        raise Denied("no publisher key is configured, so only this machine itself may do this")
    if caller.origin is not None and caller.origin != f"{caller.scheme}://{caller.host}":
        raise Denied(f"no publisher key is configured, so a page from {caller.origin[:100]} may not do this")


def may_publish(caller: Caller, key: str | None) -> bool:
    """Whether `require_publisher` lets the caller through."""
    try:
        require_publisher(caller, key)
    except Denied:
        return False
    return True


def require_json(content_type: str | None, key: str | None) -> None:
    """Raises Denied for a keyless write that a form on another site's page could have sent."""
    if key is None and (content_type or "").partition(";")[0].strip().lower() != "application/json":
        raise Denied("no publisher key is configured, so a write needs Content-Type: application/json")


def _require_key(token: str | None, key: str) -> None:
    if token is None:
        raise Denied("this needs Authorization: Bearer <publisher key>", 401)
    # JSON can carry lone surrogates, which have no UTF-8: that is another token, not an error.
    if not hmac.compare_digest(token.encode(errors="surrogatepass"), key.encode()):
        raise Denied("this is not the publisher key", 403)


def _bearer(header: str) -> str | None:
    with suppress(UnicodeError):
        header = header.encode("latin-1").decode()  # WSGI reads every byte as a character
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _hostname(host: str) -> str:
    found = _HOST.fullmatch(host)
    return (found["ipv6"] or found["name"]).lower() if found else ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
