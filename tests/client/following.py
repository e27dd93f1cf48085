"""Both forms of the client, as a test sees them: started, looked at while they run, and ended."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import uvloop

from tests.waiting import WITHIN, eventually
from windsock.client import State, Watch, awatch, watch


def joined(thread: threading.Thread) -> None:
    thread.join(WITHIN)
    assert not thread.is_alive(), "it was ended, and goes on"


class Following(Protocol):
    """A program that watches. ``pause`` is how many seconds it takes for each state."""

    states: list[State]
    error: BaseException | None
    pause: float

    def end(self) -> None:
        """Have it end, and wait for that."""


class Blocking:
    def __init__(self, url: str, *things: str, pause: float = 0.0, **options: Any) -> None:
        self.states: list[State] = []
        self.error: BaseException | None = None
        self.pause = pause
        self._watch: Watch = watch(url, *things, **options)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            for state in self._watch:
                self.states.append(state)
                time.sleep(self.pause)
        except Exception as error:  # noqa: BLE001  # the test looks at it
            self.error = error

    def end(self) -> None:
        self._watch.close()
        joined(self._thread)


class Asynchronous:
    def __init__(self, url: str, *things: str, pause: float = 0.0, **options: Any) -> None:
        self.states: list[State] = []
        self.error: BaseException | None = None
        self.pause = pause
        self._states: AsyncGenerator[State, None] = awatch(url, *things, **options)
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._loop = self._runner.get_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with self._runner:
            try:
                self._runner.run(self._follow())
            except asyncio.CancelledError:
                pass
            except Exception as error:  # noqa: BLE001  # the test looks at it
                self.error = error

    async def _follow(self) -> None:
        self._task = asyncio.current_task()
        async for state in self._states:
            self.states.append(state)
            await asyncio.sleep(self.pause)

    def end(self) -> None:
        if self._thread.is_alive():
            task = eventually(lambda: self._task)
            assert task is not None
            with suppress(RuntimeError):  # it has just ended, and its loop is closed
                self._loop.call_soon_threadsafe(task.cancel)
        joined(self._thread)


Form = Callable[..., Following]
FORMS: dict[str, Form] = {"blocking": Blocking, "asyncio": Asynchronous}


@contextmanager
def following(form: Form, url: str, *things: str, **options: Any) -> Iterator[Following]:
    """A program in one of the forms, ended at the end."""
    program = form(url, *things, **options)
    try:
        yield program
    finally:
        program.end()


def sees(program: Following, wanted: Callable[[State], object]) -> State:
    """The first wanted state, as soon as it has come."""
    found = eventually(lambda: next((state for state in list(program.states) if wanted(state)), None))
    assert found is not None
    return found
