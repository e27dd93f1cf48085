"""What only the form for asyncio has: its task can be cancelled at any moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import socketio

from tests.delivery.harness import Carry, build, served
from tests.servers import serving
from tests.waiting import WITHIN, run_apart
from windsock.client import State, asynchronous, awatch
from windsock.client.asynchronous import _Watching

ENDS_WITHIN = WITHIN


async def outcome(task: asyncio.Task[None]) -> str:
    """How a task that was asked to end stands a while later."""
    await asyncio.wait([task], timeout=ENDS_WITHIN)
    if not task.done():
        task.cancel()
        await asyncio.wait([task])
        return "went on"
    return "cancelled" if task.cancelled() else "ended"


def after(turns: int, act: Callable[[], object]) -> None:
    """Act so many turns of the loop later."""
    if turns:
        asyncio.get_running_loop().call_soon(after, turns - 1, act)
    else:
        act()


@pytest.mark.parametrize("turns", range(8))
def test_a_cancellation_just_as_the_link_is_made_is_not_lost(
    carry: Carry, monkeypatch: pytest.MonkeyPatch, turns: int
) -> None:
    linked = _Watching._linked

    async def follow(states: AsyncGenerator[State, None]) -> None:
        async for _ in states:
            pass

    async def program() -> str:
        task = asyncio.create_task(follow(awatch(f"http://127.0.0.1:{site.port}")))
        cancelled = asyncio.Event()

        def cancel() -> None:
            task.cancel()
            cancelled.set()

        def linked_and_cancelled(watching: _Watching) -> None:
            linked(watching)
            after(turns, cancel)

        monkeypatch.setattr(_Watching, "_linked", linked_and_cancelled)
        await cancelled.wait()
        return await outcome(task)

    with served(carry, build()) as site:
        assert "cancelled" == run_apart(program)


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_a_cancellation_while_it_says_goodbye_is_not_lost_and_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    monkeypatch.setattr(asynchronous, "TRANSPORTS", ([transport],))
    hang_up = _Watching.hang_up

    async def program(turns: int) -> str:
        async def watch_once() -> None:
            async with aclosing(awatch(server.url)) as states:
                await anext(states)
                monkeypatch.setattr(_Watching, "hang_up", hang_up_and_cancelled)
            await asyncio.sleep(2 * ENDS_WITHIN)

        async def hang_up_and_cancelled(watching: _Watching) -> None:
            after(turns, task.cancel)
            await hang_up(watching)

        monkeypatch.setattr(_Watching, "hang_up", hang_up)
        task = asyncio.create_task(watch_once())
        ended = await outcome(task)
        await asyncio.sleep(0.1)  # for what would go on by itself
        return ended

    with serving(tmp_path) as server:
        for turns in range(20):
            assert "cancelled" == run_apart(partial(program, turns))


def test_a_cancellation_as_the_server_refuses_is_not_lost_for_the_refusal(
    carry: Carry, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse = socketio.AsyncClient._handle_error

    async def program() -> str:
        async def follow() -> None:
            async for _ in awatch(f"http://127.0.0.1:{site.port}", "nothing-of-that-name"):
                pass

        async def refused_and_cancelled(client: socketio.AsyncClient, *arguments: Any) -> None:
            await refuse(client, *arguments)
            after(1, task.cancel)

        monkeypatch.setattr(socketio.AsyncClient, "_handle_error", refused_and_cancelled)
        task = asyncio.create_task(follow())
        await asyncio.wait([task], timeout=ENDS_WITHIN)
        return "cancelled" if task.cancelled() else repr(task.exception())

    with served(carry, build()) as site:
        assert "cancelled" == run_apart(program)
