"""The stock client for asyncio, leaving nothing open and nothing under way wherever its connection ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import engineio
import socketio

try:
    import aiohttp
except ImportError:  # it is an extra of its own
    aiohttp = None  # type: ignore[assignment]

from windsock.client.options import CONNECT_WITHIN, NotInstalled
from windsock.client.patience import PingTimeout

GOODBYE = 0.5
"""Seconds in which a server may answer a goodbye."""
UPGRADE_WITHIN = CONNECT_WITHIN / 4
"""Seconds in which a connection that began by polling may become a WebSocket; until then nothing comes over it."""


class AsyncClient(socketio.AsyncClient):  # type: ignore[misc]  # python-socketio has no annotations
    """Tells of the loss of every connection, also of one that is lost while it is made."""

    when_lost: Callable[[str], None]

    def __init__(self, request_timeout: float) -> None:
        """``request_timeout``: seconds for the answer to an HTTP request."""
        timeouts = {"timeout": aiohttp.ClientWSTimeout(ws_close=GOODBYE)}
        super().__init__(
            reconnection=False,
            handle_sigint=False,
            request_timeout=request_timeout,
            websocket_extra_options=timeouts,
        )

    async def hang_up(self) -> None:
        """Say goodbye, as far as the server listens, and wait until nothing of the connection is left."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE):
                    await self.eio.disconnect()
        finally:  # also if this task is cancelled meanwhile, for at the end of a loop all are
            await self.eio.let_go()

    def _engineio_client_class(self) -> type[_Engine]:
        return _Engine

    async def _handle_disconnect(self, namespace: str) -> None:
        await self.eio.disconnect()  # the only namespace: there is nothing to stay for

    async def _handle_eio_disconnect(self, reason: str) -> None:
        await super()._handle_eio_disconnect(reason)
        self.when_lost(reason)


class _Engine(engineio.AsyncClient):  # type: ignore[misc]  # python-engineio has no annotations
    """Leaves nothing open where the stock one does: a WebSocket that is found lost by writing, or is not yet known to
    be one, a refusal unread, itself in the list of all that are connected."""

    ping_timeout = PingTimeout()
    http: aiohttp.ClientSession | None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # All that were made: the stock client forgets one that was broken off while it waited for the first word.
        self._websockets: list[aiohttp.ClientWebSocketResponse] = []

    async def disconnect(self, abort: bool = False, reason: str | None = None) -> None:
        # Before its reader is there, none can be waited for.
        await super().disconnect(abort or self.read_loop_task is None, reason)

    async def let_go(self) -> None:
        """Leave nothing open and nothing under way, whatever the goodbye came to.

        What reads and writes is ended first: it would connect anew for what it has not said.
        """
        tasks = [task for task in (self.read_loop_task, self.write_loop_task) if task is not None]
        for task in tasks:
            task.cancel()
        try:
            if tasks:
                await asyncio.wait(tasks, timeout=GOODBYE)
        finally:
            self.state = "disconnected"
            with suppress(ValueError):
                engineio.base_client.connected_clients.remove(self)
            await self._close()

    async def _close(self) -> None:
        try:
            if self.http is not None and not self.http.closed:
                await self.http.close()
        finally:
            await self._close_websockets()  # their connections are closed, so that takes no time
            await asyncio.sleep(0)  # transports close in the next round

    async def _close_websockets(self) -> None:
        while self._websockets:
            await self._websockets.pop().close()

    async def _send_request(self, *arguments: Any, **named: Any) -> Any:
        self._open_http()
        answer = await super()._send_request(*arguments, **named)
        if isinstance(answer, aiohttp.ClientResponse):
            try:
                await answer.read()
            except aiohttp.ClientError as error:
                return str(error)
        return answer

    async def _connect_websocket(self, *arguments: Any) -> Any:
        self._open_http()
        if not self.sid:
            return await super()._connect_websocket(*arguments)
        is_made = False
        try:
            async with asyncio.timeout(UPGRADE_WITHIN):
                is_made = await super()._connect_websocket(*arguments)
        except Exception:  # noqa: BLE001  # an upgrade that hangs, or breaks in any way, is none: polling goes on
            is_made = False
        finally:
            if not is_made:  # while it is there the server believes that polls are over
                await self._close_websockets()
        return is_made

    def _open_http(self) -> None:
        if self.http is None or self.http.closed:
            made: Any = self._make_websocket  # it need not be a class
            self.http = aiohttp.ClientSession(ws_response_class=made)

    def _make_websocket(self, *arguments: Any, **named: Any) -> aiohttp.ClientWebSocketResponse:
        made = aiohttp.ClientWebSocketResponse(*arguments, **named)
        self._websockets.append(made)
        return made

    async def _reset(self) -> None:
        if self.ws is not None and not self.ws.closed:
            await self.ws.close()
        await super()._reset()


def require_packages() -> None:
    """Raises NotInstalled."""
    if aiohttp is None:
        raise NotInstalled("aiohttp is not installed: pip install 'windsock[client-asyncio]'")
