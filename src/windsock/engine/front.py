"""The ASGI application that uvicorn serves: polling in the loop, pages in threads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from a2wsgi import WSGIMiddleware

from windsock.engine.polling import Polling, Receive, Scope, Send

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from windsock.engine.engine import Engine

PAGE_THREADS = 16
"""Requests for pages that are worked at at once; more wait."""


class Front:
    """One engine, and the WSGI application whose pages are served beside it."""

    def __init__(self, engine: Engine, wsgi: WSGIApplication) -> None:
        self._engine = engine
        self._polling = Polling(engine)
        self._pages = WSGIMiddleware(cast("Any", _Terminated(wsgi)), workers=PAGE_THREADS)
        self._requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"].startswith(self._engine.options.path):
            await self._polling(scope, receive, send)
            return
        if self._requests >= self._engine.limits.page_requests:
            self._engine.log_once(f"requests are refused, for the limit page_requests ({self._requests}) is reached")
            await _refuse(send)
            return
        # A name with an underscore would pass for the one with a hyphen, which only a proxy may write.
        scope["headers"] = [(name, value) for name, value in scope["headers"] if b"_" not in name]
        self._requests += 1
        try:
            await self._pages(cast("Any", scope), cast("Any", receive), cast("Any", send))
        finally:
            self._requests -= 1

    def stop(self) -> None:
        """Begin no more requests."""
        self._pages.executor.shutdown(wait=False, cancel_futures=True)


class _Terminated:
    """Says that the input ends by itself: so a body of unknown length is read too."""

    def __init__(self, wsgi: WSGIApplication) -> None:
        self._wsgi = wsgi

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input_terminated"] = True
        environ["wsgi.multiprocess"] = False
        return self._wsgi(environ, start_response)


async def _refuse(send: Send) -> None:
    body = b"The server is busy; try again in a moment.\n"
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", b"1"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
