"""Watching in a thread: an iterator of states."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from windsock.client.link import Link, require_packages
from windsock.client.losses import Losses
from windsock.client.options import (
    CONNECT_WITHIN,
    TRANSPORTS,
    NoLink,
    Options,
    answered,
    history_request,
    pause,
    read_options,
)
from windsock.client.patience import LOOK_EVERY, SLEPT, Sleep
from windsock.client.state import State
from windsock.client.tracker import Ask
from windsock.model import Position


def watch(
    url: str,
    *things: str,
    every: bool = False,
    token: str | None = None,
    since: Position | Mapping[str, Position] | None = None,
) -> Watch:
    """The states of ``things``, or of all, of the server at ``url``: now, and whenever something of them changes.

    It never ends by itself: a lost link is told as a state that is not live, and made again. The newest state wins
    over those between; with ``every``, each version comes exactly once, in order, from the history if need be.
    ``since`` is the position to go on from, of the one thing or by name; ``token`` is the publisher key.

    Raises ValueError or TypeError for a wrong argument, NotInstalled; while iterating UnknownThing, or Refused.
    """
    require_packages()
    return Watch(read_options(url, things, every, token, since))


class Watch(Iterator[State]):
    """See `watch`. Connects when the first state is asked for. For one thread; only `close` is for any."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._box = _Box(options)
        self._link: Link | None = None
        self._linking = threading.Lock()
        self._tried = False
        self._failures = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> State:
        try:
            return self._next()
        except BaseException:
            self._end(wait=True)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(wait=True)

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """End the iteration, from any thread: whoever waits for a state gets none, and the connection is closed."""
        self._end(wait=False)

    def _end(self, wait: bool) -> None:
        self._box.close()
        # Without waiting: who is just making a connection, or ends one, finds out by itself.
        if self._linking.acquire(blocking=wait):
            self._hang_up()
            self._linking.release()

    def _next(self) -> State:
        while not self._box.closed:
            step = self._box.step()
            if isinstance(step, State):
                return step
            if step is not None:
                self._fill(step)
            elif not self._box.closed:
                with self._linking:
                    self._connect()
        raise StopIteration

    def _connect(self) -> None:
        """One attempt to make the link, a while after the one before. Raises UnknownThing or Refused."""
        self._hang_up()
        if self._tried:
            self._box.sleep(pause(self._failures))
        if self._box.closed:
            return
        self._tried = True
        self._link = self._box.link = Link(self._box)
        try:
            auth = self._options.auth(self._box.tracker)
            self._link.connect(self._options, auth, TRANSPORTS[self._failures % len(TRANSPORTS)])
            self._failures = 0
        except NoLink as error:
            self._failures += 1
            self._box.lost(str(error), type(error))

    def _fill(self, ask: Ask) -> None:
        """Ask for what is missing; if that fails, a little later again."""
        answer = self._box.ask("history", history_request(ask))
        if answer is not None and not self._box.take_in(ask, answer):
            self._box.sleep(pause(0))

    def _hang_up(self) -> None:
        link, self._link, self._box.link = self._link, None, None
        if link is not None:
            link.close()


class _Box:
    """What the link's threads put in, and the iterating one takes out."""

    def __init__(self, options: Options) -> None:
        self.tracker = options.tracker()
        self.link: Link | None = None
        self.up = False
        self.closed = False
        self._losses = Losses(options.url)
        self._sleep = Sleep()
        self._news = threading.Condition()

    # --------------------------------------------------------------------------------------------------- for the link

    def linked(self) -> None:
        with self._news:
            self.up = True
            self._sleep.noticed()  # what was before is no matter of this link
            self.tracker.link()
            self._losses.linked()

    def state(self, message: Any) -> None:
        with self._news:
            self.tracker.state(message)
            self._news.notify_all()

    def heard(self, message: Any) -> None:
        with self._news:
            behind = self.tracker.heard(message)
            self._news.notify_all()
        if behind and self.link is not None:
            self.link.emit("watch", {"things": [message["thing"]]})

    def lost(self, reason: str, failed: type[NoLink] | None = None) -> None:
        """The link is lost; ``failed``: it could not be made."""
        with self._news:
            if (self.up or failed) and not self.closed:
                self._losses.lost(reason, failed or NoLink)
            self.up = False
            self.tracker.unlink(reason)
            self._news.notify_all()

    # --------------------------------------------------------------------------------------------- for the iteration

    def step(self) -> State | Ask | None:
        """What is to be told or asked next, as soon as there is anything; None: it is closed, or there is no link."""
        with self._news:
            while not self.closed:
                if self._sleep.noticed() and self.up:
                    self.lost(SLEPT)
                step = self.tracker.next()
                if step is not None or not self.up:
                    return step
                self._news.wait(LOOK_EVERY)
            return None

    def sleep(self, seconds: float) -> None:
        """So long, or until it is closed."""
        with self._news:
            self._news.wait_for(lambda: self.closed, seconds)

    def ask(self, event: str, value: object) -> dict[str, Any] | None:
        """The answer to a request; None if the link is lost, or it is closed."""
        answers: list[dict[str, Any]] = []

        def take(answer: dict[str, Any]) -> None:
            with self._news:
                answers.append(answer)
                self._news.notify_all()

        if self.link is not None:
            self.link.emit(event, value, take)
        with self._news:
            self._news.wait_for(lambda: answers or self.closed or not self.up, CONNECT_WITHIN)
        return answers[0] if answers else None

    def take_in(self, ask: Ask, answer: dict[str, Any]) -> bool:
        """See `answered`."""
        with self._news:
            return answered(self.tracker, ask, answer)

    def close(self) -> None:
        with self._news:
            self.closed = True
            self._news.notify_all()
