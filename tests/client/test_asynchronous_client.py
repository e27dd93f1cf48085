"""The ends of a connection by asyncio, where the stock client leaves something behind."""

from __future__ import annotations

import asyncio
import gc
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import engineio
import pytest
from aiohttp import ClientSession, web

from tests.servers import serving
from tests.waiting import WITHIN, run_apart
from windsock.client import asynchronous, asynchronous_client, awatch

UPGRADING = ["polling", "websocket"]
OPEN = '0{"sid":"x","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":5000,"maxPayload":1000000}'
Answer = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]


@pytest.fixture(params=[["websocket"], ["polling"], UPGRADING], ids=["websocket", "polling", "upgrading"])
def transports(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How all connections are made."""
    ways: list[str] = request.param
    monkeypatch.setattr(asynchronous, "TRANSPORTS", (ways,))
    return ways


@asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[str]:
    """A server that answers every request of a viewer so; its address."""
    app = web.Application()
    app.router.add_route("*", "/socket.io/", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def follow(url: str, told: Callable[[], object] = lambda: None) -> None:
    async for _ in awatch(url):
        told()


async def ended(task: asyncio.Task[None]) -> bool:
    """Whether it was cancelled, and left nothing behind that would complain when it is collected."""
    began = time.monotonic()
    await asyncio.wait([task], timeout=WITHIN)
    took = time.monotonic() - began
    gc.collect()
    await asyncio.sleep(0.05)
    assert [] == engineio.base_client.connected_clients
    return task.cancelled() and took < WITHIN / 2


async def cancelled_after(task: asyncio.Task[None], seconds: float) -> bool:
    await asyncio.wait([task], timeout=seconds)
    task.cancel()
    return await ended(task)


async def says_nothing(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(3 * WITHIN)
    return web.Response()


async def opens_by_polling_and_says_nothing_more(request: web.Request) -> web.StreamResponse:
    if request.query["transport"] == "polling" and "sid" not in request.query:
        return web.Response(text=OPEN)
    return await says_nothing(request)


async def opens_and_accepts_a_websocket_that_says_nothing(request: web.Request) -> web.StreamResponse:
    if request.query["transport"] == "polling":
        return await opens_by_polling_and_says_nothing_more(request)
    link = web.WebSocketResponse()
    await link.prepare(request)
    return await says_nothing(request)


@pytest.mark.parametrize(
    "answer",
    [says_nothing, opens_by_polling_and_says_nothing_more, opens_and_accepts_a_websocket_that_says_nothing],
)
def test_a_cancellation_while_the_server_says_nothing_ends_it_and_leaves_nothing_open(
    answer: Answer, transports: list[str]
) -> None:
    async def program() -> None:
        async with answering(answer) as url:
            assert await cancelled_after(asyncio.create_task(follow(url)), 0.3)

    run_apart(program)


@pytest.mark.parametrize("turns", [0, 1, 2, 5])
def test_who_is_cancelled_once_more_while_it_says_goodbye_leaves_nothing_behind(
    tmp_path: Path, transports: list[str], turns: int
) -> None:
    async def program() -> None:
        linked = asyncio.Event()
        task = asyncio.create_task(follow(server.url, linked.set))
        await linked.wait()
        task.cancel()
        for _ in range(turns + 1):
            await asyncio.sleep(0)
        task.cancel()
        assert await ended(task)

    with serving(tmp_path) as server:
        run_apart(program)


async def leave(url: str, then: Callable[[], object]) -> None:
    """Watch until there is a state, and no longer."""
    async with aclosing(awatch(url)) as states:
        await anext(states)
        then()


def test_a_server_that_hangs_holds_no_goodbye_up(tmp_path: Path, transports: list[str]) -> None:
    async def program() -> float:
        began = 0.0

        def stop() -> None:
            nonlocal began
            server.signal(signal.SIGSTOP)
            began = time.monotonic()

        await leave(server.url, stop)
        return time.monotonic() - began

    with serving(tmp_path) as server:
        try:
            assert run_apart(program) < 5  # by polling, the stock client's takes as long as a poll: 15 seconds
        finally:
            server.signal(signal.SIGCONT)


async def closes_at_once(request: web.Request) -> web.StreamResponse:
    link = web.WebSocketResponse()
    await link.prepare(request)
    await link.close()
    return link


@pytest.mark.parametrize("websocket", [says_nothing, closes_at_once])
def test_where_an_upgrade_comes_to_nothing_it_goes_on_by_polling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, websocket: Answer
) -> None:
    monkeypatch.setattr(asynchronous, "TRANSPORTS", (UPGRADING,))
    monkeypatch.setattr(asynchronous_client, "UPGRADE_WITHIN", 0.3)

    async def program() -> list[tuple[str | None, str]]:
        async with ClientSession(server.url) as session:

            async def passes_polling_on(request: web.Request) -> web.StreamResponse:
                if request.query["transport"] == "websocket":
                    return await websocket(request)
                async with session.request(request.method, request.path_qs, data=await request.read()) as answer:
                    return web.Response(status=answer.status, body=await answer.read(), content_type="text/plain")

            async with answering(passes_polling_on) as url, aclosing(awatch(url)) as states:
                first = await anext(states)
                await asyncio.to_thread(server.put_state, "kiln", "HOT")
                second = await anext(states)
            return [(state.state, state.liveness) for state in (first, second)]

    with serving(tmp_path) as server:
        assert [(None, "unknown"), ("HOT", "live")] == run_apart(program)
