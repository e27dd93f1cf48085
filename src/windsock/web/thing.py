"""A thing as code sees it: describe it, watch it, report it, ask it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from windsock.errors import ConfigError
from windsock.jsontext import JsonObject
from windsock.model import Reading, State, ThingSpec
from windsock.recorder import Outcome
from windsock.sources import Function, FunctionSource
from windsock.times import parse_duration

if TYPE_CHECKING:
    from windsock.web.extension import Windsock

F = TypeVar("F", bound=Function)

_SHORTEST = timedelta(milliseconds=10)


class Thing:
    """Made by `Windsock.thing`. Making and decorating start nothing."""

    def __init__(self, windsock: Windsock, name: str, options: Mapping[str, Any]) -> None:
        self.name = name
        self.options = options
        self._windsock = windsock
        self._function: Function | None = None
        self._every = timedelta(seconds=1)

    def watch(self, every: str | timedelta = "1s") -> Callable[[F], F]:
        """Ask the decorated function every so often: it gives a state name, a Reading, or None (nothing new).

        It runs in one background thread, started once in the process that serves, and is tried again with backoff
        when it raises. Raises ConfigError if the thing already has a source, or for less than 10 ms.
        """
        self._every = self._interval(every)
        if self._function is not None or "source" in self.options:
            raise ConfigError(f"thing({self.name!r}).watch: it has a source already")

        def decorate(function: F) -> F:
            self._function = function
            return function

        return decorate

    def _interval(self, every: object) -> timedelta:
        where = f"thing({self.name!r}).watch"
        if callable(every):
            raise ConfigError(f'{where}: write @thing.watch(every="1s"), with parentheses')
        try:
            interval = parse_duration(every) if isinstance(every, str) else every
        except ValueError as error:
            raise ConfigError(f"{where}: every: {error}") from None
        if not isinstance(interval, timedelta) or interval < _SHORTEST:
            raise ConfigError(f'{where}: every: found {every!r}, expected a duration of 10ms or more, such as "1s"')
        return interval

    def report(
        self,
        state: str,
        data: JsonObject | None = None,
        at: datetime | None = None,
        id: str | None = None,  # noqa: A002  # the message's word for it
    ) -> Outcome:
        """Record a reading, from any thread; returns when it is durable.

        Raises BadReading or UnknownState if it cannot be one of this thing's, StoreError if the store fails,
        NotStarted before the start.
        """
        reading = Reading(state, data or {}, at, id)
        return self._windsock.site().runtime.report(self.name, reading)

    @property
    def state(self) -> State:
        """The state now; its data are the caller's own. Raises NotStarted before the start."""
        state = self._windsock.site().runtime.state(self.name)
        return replace(state, data=deepcopy(state.data))

    def watched(self, spec: ThingSpec) -> tuple[ThingSpec, FunctionSource] | None:
        """The thing with its function as its source; None if nothing is decorated."""
        function = self._function
        if function is None:
            return None
        if spec.source != "inbox:":
            raise ConfigError(f"thing({self.name!r}).watch: its source is {spec.source}; keep one of them")
        # The thing's name makes it another source than any other thing's, even for the same function.
        name = f"watch:{self.name} ({getattr(function, '__qualname__', 'function')})"
        return replace(spec, source=name), FunctionSource(name, lambda: function, self._every)
