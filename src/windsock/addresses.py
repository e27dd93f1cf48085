"""Addresses of servers, as people write and open them."""

from __future__ import annotations

from urllib.parse import urlsplit


def host_of(url: str) -> str | None:
    """The host of an HTTP address; None if it is no such address."""
    try:
        parts = urlsplit(url)
        found = parts.hostname if parts.scheme in ("http", "https") and parts.port != 0 else None
    except ValueError:  # a port that is no number, a bracket left open
        return None
    return found if found and found.isprintable() and " " not in found else None


def browsable(host: str) -> str:
    """A host that is listened at, as it stands in an address that this machine can open."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # nothing listens here
    return f"[{host}]" if ":" in host else host
