"""Forwarding headers are believed from configured proxies, and from nobody else."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from windsock.engine.addresses import behind, is_in

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class TrustedProxies:
    """A WSGI application that sees the real viewer behind ``X-Forwarded-For``, ``-Proto``, ``-Host``, ``-Prefix``.

    ``networks`` are the addresses of the proxies.
    """

    def __init__(self, app: WSGIApplication, networks: Sequence[str]) -> None:
        self.inner = app
        self._networks = [ipaddress.ip_network(network) for network in networks]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        peer = environ.get("REMOTE_ADDR", "")
        if not is_in(peer, self._networks):
            return self.inner(environ, start_response)
        # One proxy may stand before another; each of them adds to the addresses, and the last one says the rest.
        hops = len(behind(peer, environ.get("HTTP_X_FORWARDED_FOR", ""), self._networks))
        return ProxyFix(self.inner, x_for=max(hops, 1), x_proto=1, x_host=1, x_prefix=1)(environ, start_response)
