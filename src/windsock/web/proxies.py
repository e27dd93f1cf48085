"""Forwarding headers are believed from configured proxies, and from nobody else."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class TrustedProxies:
    """A WSGI application that sees the real viewer behind ``X-Forwarded-For``, ``-Proto``, ``-Host``, ``-Prefix``.

    ``networks`` are the addresses of the proxies.
    """

    def __init__(self, app: WSGIApplication, networks: Sequence[str]) -> None:
        self.inner = app
        self._proxied = ProxyFix(app, x_for=1, x_proto=1, x_host=1, x_prefix=1)
        self._networks = [ipaddress.ip_network(network) for network in networks]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        trusted = self._is_proxy(environ.get("REMOTE_ADDR", ""))
        return (self._proxied if trusted else self.inner)(environ, start_response)

    def _is_proxy(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._networks)
