"""What only the form for asyncio has: its task can be cancelled at any moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest

from tests.delivery.harness import Carry, build, served
from tests.waiting import run_apart
from windsock.client import State, awatch
from windsock.client.asynchronous import _Watching

ENDS_WITHIN = 5.0


async def outcome(task: asyncio.Task[None]) -> str:
    """How a task that was asked to end stands a while later."""
    await asyncio.wait([task], timeout=ENDS_WITHIN)
    if not task.done():
        task.cancel()
        await asyncio.wait([task])
        return "went on"
    return "cancelled" if task.cancelled() else "ended"


@pytest.mark.parametrize("turns", range(8))
def test_a_cancellation_just_as_the_link_is_made_is_not_lost(
    carry: Carry, monkeypatch: pytest.MonkeyPatch, turns: int
) -> None:
    def after(turns: int, act: Callable[[], object]) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(after, turns - 1, act)
        else:
            act()

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
