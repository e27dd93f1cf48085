"""Watching in an asyncio loop: an asynchronous generator of states."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import socketio

from windsock import wire
from windsock.client.asynchronous_client import AsyncClient, require_packages
from windsock.client.losses import Losses
from windsock.client.options import (
    CONNECT_WITHIN,
    TRANSPORTS,
    NoLink,
    Options,
    answered,
    failure,
    history_request,
    pause,
    read_options,
)
from windsock.client.patience import LOOK_EVERY, SLEPT, Sleep
from windsock.client.state import State
from windsock.client.tracker import Ask
from windsock.model import Position

T = TypeVar("T")


def awatch(
    url: str,
    *things: str,
    every: bool = False,
    token: str | None = None,
    since: Position | Mapping[str, Position] | None = None,
) -> AsyncGenerator[State, None]:
    """`watch` for asyncio: ``async for state in awatch(…)``. To end it, leave the loop, close it or cancel its task.

    Raises as `watch` does.
    """
    require_packages()
    return _states(read_options(url, things, every, token, since))


async def _states(options: Options) -> AsyncGenerator[State, None]:
    watching = _Watching(options)
    try:
        while True:
            step = await _unless_cancelled(watching.step())
            if isinstance(step, State):
                yield step
            elif step is not None:
                await _unless_cancelled(watching.fill(step))
            else:
                await _unless_cancelled(watching.connect())
    finally:
        await _unless_cancelled(watching.hang_up())


async def _unless_cancelled(act: Coroutine[Any, Any, T]) -> T:
    """What it gives; raises CancelledError also if that was lost in it.

    The stock client waits with `asyncio.wait_for`, and before Python 3.12 that swallows a cancellation which comes
    in the same turn of the loop as what it waits for.
    """
    task = asyncio.current_task()
    assert task is not None, "only tasks await"
    before = task.cancelling()
    try:
        given = await act
    except Exception as error:
        if task.cancelling() > before:
            raise asyncio.CancelledError from error
        raise
    if task.cancelling() > before:
        raise asyncio.CancelledError
    return given


class _Watching:
    """The link of one generator, and what comes over it."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._tracker = options.tracker()
        self._client: AsyncClient | None = None
        self._news = asyncio.Event()
        self._losses = Losses(options.url)
        self._sleep = Sleep()
        self._up = False
        self._tried = False
        self._failures = 0

    async def step(self) -> State | Ask | None:
        """What is to be told or asked next, as soon as there is anything; None: there is no link."""
        while True:
            if self._sleep.noticed() and self._up:
                self._lost(SLEPT)
            step = self._tracker.next()
            if step is not None or not self._up:
                return step
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._news.wait()

    async def fill(self, ask: Ask) -> None:
        """Ask for what is missing; if that fails, a little later again."""
        answer = await self._ask("history", history_request(ask))
        if answer is not None and not answered(self._tracker, ask, answer):
            await asyncio.sleep(pause(0))

    async def connect(self) -> None:
        """One attempt to make the link, a while after the one before. Raises UnknownThing or Refused."""
        await self.hang_up()
        if self._tried:
            await asyncio.sleep(pause(self._failures))
        self._tried = True
        client = self._client = self._make_client()
        refused: list[Any] = []
        client.on("connect_error", refused.append, namespace=wire.NAMESPACE)
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                await client.connect(
                    self._options.origin,
                    auth=self._options.auth(self._tracker),
                    transports=TRANSPORTS[self._failures % len(TRANSPORTS)],
                    namespaces=[wire.NAMESPACE],
                    socketio_path=self._options.path,
                    wait_timeout=CONNECT_WITHIN,
                )
            self._failures = 0
        except Exception as error:  # noqa: BLE001  # a connection that breaks shows in the stock client in many ways
            self._failures += 1
            found = failure(error, refused, self._options)
            if not isinstance(found, NoLink):
                raise found from None
            self._lost(str(found), type(found))

    async def hang_up(self) -> None:
        """End the link, and wait until nothing of it is left."""
        client, self._client = self._client, None
        if client is not None:
            await client.hang_up()

    def _make_client(self) -> AsyncClient:
        client = AsyncClient(request_timeout=CONNECT_WITHIN)
        client.when_lost = lambda reason: self._lost(reason) if client is self._client else None
        client.on("connect", self._linked, namespace=wire.NAMESPACE)
        client.on("state", self._state, namespace=wire.NAMESPACE)
        client.on("heard", self._heard, namespace=wire.NAMESPACE)
        return client

    def _linked(self) -> None:
        self._up = True
        self._sleep.noticed()  # what was before is no matter of this link
        self._tracker.link()
        self._losses.linked()

    def _state(self, message: Any) -> None:
        self._tracker.state(message)
        self._news.set()

    async def _heard(self, message: Any) -> None:
        behind = self._tracker.heard(message)
        self._news.set()
        if behind:
            await self._emit("watch", {"things": [message["thing"]]})

    def _lost(self, reason: str, failed: type[NoLink] | None = None) -> None:
        if self._up or failed:
            self._losses.lost(reason, failed or NoLink)
        self._up = False
        self._tracker.unlink(reason)
        self._news.set()

    async def _ask(self, event: str, value: object) -> dict[str, Any] | None:
        """The answer to a request; None if the link is lost, or it takes too long."""
        answers: list[dict[str, Any]] = []

        def take(answer: dict[str, Any]) -> None:
            answers.append(answer)
            self._news.set()

        await self._emit(event, value, take)
        with suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_WITHIN):
                while not answers and self._up:
                    self._news.clear()
                    await self._news.wait()
        return answers[0] if answers else None

    async def _emit(self, event: str, value: object, take: Callable[[Any], None] | None = None) -> None:
        if self._client is not None:
            with suppress(socketio.exceptions.BadNamespaceError):
                await self._client.emit(event, value, wire.NAMESPACE, take)
