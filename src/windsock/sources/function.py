"""``python:module:function?every=1s`` and ``@thing.watch(every="1s")``: a function that is asked in turn."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from windsock.decode import Encoding
from windsock.errors import BadReading, SourceError
from windsock.model import Reading
from windsock.sources.base import Message, Wait

Function = Callable[[], "str | Reading | None"]
"""Gives a state name, a reading, or None: nothing new."""


class FunctionSource:
    """Calls a function every so often, counted from call to call; a call that takes longer is followed at once.

    Once opened, it calls at once: a function that failed is not left alone until its next turn.

    What the function raises goes to whoever watches, as does SourceError for an answer of another kind.
    """

    encoding: Encoding = "plain"
    resolution = timedelta(0)

    def __init__(self, name: str, load: Callable[[], Function], every: timedelta) -> None:
        self.name = name
        self._load = load
        self._every = every.total_seconds()
        self._function: Function | None = None
        self._next_call = 0.0

    def open(self) -> None:
        """See `Source.open`. Raises SourceError if the function cannot be found."""
        self._function = self._load()
        self._next_call = time.monotonic()

    def check(self) -> None:
        """See `Source.check`: the function is looked for, but not called."""
        self._load()

    def receive(self, wait: Wait, timeout: float) -> Sequence[Message]:
        """See `Source.receive`."""
        assert self._function is not None, "opened before it is read"
        left = self._next_call - time.monotonic()
        if left > 0 and (wait(min(left, timeout)) or time.monotonic() < self._next_call):
            return ()
        now = time.monotonic()
        late = now - self._next_call >= self._every
        self._next_call = (now if late else self._next_call) + self._every
        answer = self._function()
        return () if answer is None else (Message(self._reading(answer)),)

    def delete(self, messages: Sequence[Message]) -> None:
        """See `Source.delete`: there is nothing to delete."""

    def close(self) -> None:
        """See `Source.close`: there is nothing to let go of."""

    def _reading(self, answer: object) -> Reading:
        if isinstance(answer, Reading):
            return answer
        if not isinstance(answer, str):
            raise SourceError(
                f"{self.name} gave {answer!r:.80}, expected a state name, a windsock.Reading or None (nothing new)"
            )
        try:
            return Reading(answer)
        except BadReading as error:
            raise SourceError(f"{self.name} gave {answer!r:.80}: {error}") from None


def import_function(path: str, base: Path) -> Function:
    """The function that ``module:function`` names; modules are looked for in ``base`` too, after all else.

    Raises SourceError if there is none.
    """
    module_name, _, name = path.partition(":")
    if str(base) not in sys.path:
        sys.path.append(str(base))  # first, a file there could stand in for an installed module of its name
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise SourceError(f"python:{path}: {error}; modules are looked for in {base}") from None
    function = getattr(module, name, None)
    if not callable(function):
        raise SourceError(f"python:{path}: the module {module_name} has no function {name}")
    return function  # type: ignore[no-any-return]  # what it gives is checked at each call
