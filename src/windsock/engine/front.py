"""The ASGI application that uvicorn serves: polling in the loop, pages in threads."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from a2wsgi import WSGIMiddleware

from windsock.engine.lanes import Lanes
from windsock.engine.patience import in_time, read_ahead
from windsock.engine.polling import Message, Polling, Receive, Scope, Send
from windsock.engine.waiting import HANDOVER, LATER, TRANSPORT, WAITED, Handover, Waiting, carry_on, finish

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from windsock.engine.engine import Engine

log = logging.getLogger("windsock.engine")

P = ParamSpec("P")
T = TypeVar("T")

PAGE_THREADS = 64
"""Requests for pages that are worked at at once; more wait. Threads are started when they are needed."""
DATED = "date"
"""The header that uvicorn writes; a second one, of the application's, would contradict it (RFC 9110, 6.6.1)."""
GONE = "windsock.gone"
"""The key in a request's scope of the function that says whether its client has gone."""
GIVEN_UP = "windsock.given_up"
"""The key that is there when nobody takes a response any more, for the loop is about to end."""


class Front:
    """One engine, and the WSGI application whose pages are served beside it."""

    def __init__(self, engine: Engine, wsgi: WSGIApplication) -> None:
        self._engine = engine
        self._polling = Polling(engine)
        self._pages = WSGIMiddleware(cast("Any", _Adapted(wsgi)))
        self._pages.executor = self._threads = cast("Any", _Threads())
        self._requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"].startswith(self._engine.options.path):
            await self._polling(scope, receive, send)
            return
        if self._requests >= self._engine.limits.page_requests:
            self._engine.notices.once("requests are refused, for the limit page_requests is reached")
            await _refuse(send)
            return
        # A name with an underscore would pass for the one with a hyphen, which only a proxy may write.
        scope["headers"] = [(name, value) for name, value in scope["headers"] if b"_" not in name]
        try:
            await self._serve(scope, receive, send)
        except asyncio.CancelledError:
            scope[GIVEN_UP] = True
            log.warning("%s %s was given up: it went on after the drain time", scope["method"], scope["path"])

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the application answer; what waits for news has no thread meanwhile, and is no request that counts."""
        waited: Waiting | None = None
        ready = await read_ahead(scope, receive)
        if ready is None:
            return
        read: Receive = partial(_receive_whole, ready)
        while True:
            handover = scope[HANDOVER] = Handover(waited)
            await self._answer(scope, read, handover.sender(send))
            if handover.delay is None:
                break
            if not await carry_on(self._engine, handover.delay, scope, receive, None):
                return
            waited, read = handover.delay, _receive_nothing
        if handover.stream is not None and await carry_on(self._engine, handover.stream, scope, receive, send):
            await finish(scope, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._requests += 1
        send = in_time(send, scope[TRANSPORT].abort)
        try:
            await self._pages(cast("Any", scope), cast("Any", receive), cast("Any", send))
        finally:
            self._requests -= 1

    def stop(self) -> None:
        """Begin no more requests."""
        self._threads.shutdown(wait=False)


class _Threads(Executor):
    """Daemons, other than those of the standard library: a page that never ends must not keep the process."""

    def __init__(self) -> None:
        self._lanes = Lanes("windsock-pages", PAGE_THREADS)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001  # it is raised where the result is asked for
                future.set_exception(error)

        self._lanes.submit(future, work)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._lanes.stop()


class _Adapted:
    """What the adapter for WSGI does not see to."""

    def __init__(self, wsgi: WSGIApplication) -> None:
        self._wsgi = wsgi

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if "HTTP_TRANSFER_ENCODING" in environ:
            # A body of unknown length is read too, for it ends by itself.
            environ["wsgi.input_terminated"] = True
        environ["wsgi.multiprocess"] = False
        environ["wsgi.errors"] = sys.stderr
        scope = environ["asgi.scope"]
        handover: Handover = scope[HANDOVER]
        _offer(handover, environ)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            _require_loop(scope)
            return start_response(status, [header for header in headers if header[0].lower() != DATED], exc_info)

        body = self._wsgi(environ, start)
        if handover.delay is None and not isinstance(body, Waiting):
            return _WhileThere(body, scope)
        if handover.delay is None:
            handover.stream = cast("Waiting", body)
        else:
            _close(body)
        return ()


def _offer(handover: Handover, environ: WSGIEnvironment) -> None:
    """Tell the application what it has waited for, and how it can wait; what has a body is served only once."""
    if handover.waited is not None:
        environ[WAITED] = handover.waited
    if environ.get("CONTENT_LENGTH", "0") == "0" and "HTTP_TRANSFER_ENCODING" not in environ:
        environ[LATER] = handover.wait


class _WhileThere:
    """A response until its client has gone: what nobody reads need not be made for ever."""

    def __init__(self, body: Iterable[bytes], scope: Scope) -> None:
        self._body = body
        self._scope = scope

    def __iter__(self) -> Iterator[bytes]:
        gone: Callable[[], bool] = self._scope.get(GONE, lambda: False)
        for part in self._body:
            _require_loop(self._scope)
            if gone():
                return
            yield part
        _require_loop(self._scope)

    def close(self) -> None:
        """Called when it was sent, or is not wanted any more (PEP 3333)."""
        _close(self._body)


def _close(body: Iterable[bytes]) -> None:
    if hasattr(body, "close"):
        body.close()


def _require_loop(scope: Scope) -> None:
    if GIVEN_UP in scope:
        raise ConnectionAbortedError("the server is stopping, and the drain time is over")


async def _receive_whole(receive: Receive) -> Message:
    """Part of a request's body. Raises ConnectionResetError if it broke off: it would look as if that were all."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ConnectionResetError("the client has gone before its request was read")
    return message


async def _receive_nothing() -> Message:
    """The body of a request that had none, once more."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def _refuse(send: Send) -> None:
    body = b"The server is busy; try again in a moment.\n"
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", b"1"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
