"""The newest states of a running server, over its event streams: followed in a thread, through every lost link."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException, HTTPResponse
from types import TracebackType
from typing import Any, Self

from windsock.cli.api import Api, ApiError
from windsock.client.options import pause
from windsock.client.patience import awake_or_not
from windsock.client.state import State, read_state
from windsock.client.tracker import Ask, Tracker
from windsock.times import parse_time

SILENCE = 20.0
"""Seconds without a byte after which the link is lost: the server says something every fifteen."""
_SILENT = "the server has gone silent"
_NO_SUCH_THING = 404
_END_WITHIN = 2.0


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to show at one moment; ``now`` is the server's clock, the others are spans of time.

    ``lost``: since when there is no link, and ``word``: how long ago anything came over it.
    """

    states: Sequence[State]
    now: datetime | None
    word: timedelta
    lost: timedelta | None
    reason: str


class Following:
    """Follows things, or all of them, from entering to leaving. Raises ApiError if the server is not there at first,
    or has no such thing (also later)."""

    def __init__(self, api: Api, things: Sequence[str]) -> None:
        self._api = api
        self._things = things
        self._tracker = Tracker(api.url, things or None, every=False, since={})
        self._news = threading.Condition()
        self._answer: HTTPResponse | None = None
        self._closed = False
        self._failed: ApiError | None = None
        self._found: State | None = None
        self._reason = ""
        self._lost_at: float | None = None
        self._word_at = self._clock_at = awake_or_not()
        self._clock: datetime | None = None
        self._thread = threading.Thread(target=self._run, name="windsock-watch", daemon=True)

    def __enter__(self) -> Self:
        self._open()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._news:
            self._closed = True
            self._news.notify_all()
            if self._answer is not None:
                _cut(self._answer)
        self._thread.join(_END_WITHIN)  # it may be waiting for a server that does not answer

    def next(self, within: float | None = None) -> State | None:
        """The next state that is another than before, as soon as there is one; None: not in so many seconds."""
        with self._news:
            self._news.wait_for(self._find, within)
            if self._failed is not None:
                raise self._failed
            found, self._found = self._found, None
            return found

    def _find(self) -> bool:
        """Whether there is something to tell of; a state waits in ``_found`` then."""
        self._notice_silence()
        if self._found is None:
            step = self._tracker.next()
            assert not isinstance(step, Ask)  # only with `every` anything is to be asked
            self._found = step
        return self._found is not None or self._failed is not None

    def _notice_silence(self) -> None:
        """The thread that reads does so too, but what it waits for stands still while this machine sleeps."""
        if self._answer is not None and self._lost_at is None and awake_or_not() - self._word_at > SILENCE:
            self._lose(_SILENT)
            _cut(self._answer)

    @property
    def shown(self) -> Shown:
        """All that is known now."""
        with self._news:
            self._notice_silence()
            at = awake_or_not()
            clock = None if self._clock is None else self._clock + timedelta(seconds=at - self._clock_at)
            lost = None if self._lost_at is None else timedelta(seconds=at - self._lost_at)
            return Shown(self._tracker.now, clock, timedelta(seconds=at - self._word_at), lost, self._reason)

    # ---------------------------------------------------------------------------------------------------- in its thread

    def _run(self) -> None:
        failures = 0
        while not self._closed:
            try:
                if self._answer is None:
                    self._open()
                failures = 0
                self._read()
            except ApiError as error:
                if error.status == _NO_SUCH_THING:
                    self._fail(error)
                    return
                failures += 1
                self._lose(str(error))
            with self._news:
                self._news.wait_for(lambda: self._closed, pause(failures))

    def _open(self) -> None:
        answer = self._api.stream("events", timeout=SILENCE, thing=list(self._things) or None)
        if answer.headers.get_content_type() != "text/event-stream":
            answer.close()
            raise ApiError(f"{self._api.url} answers, but not as a Windsock server that can be watched")
        with self._news:
            self._answer, self._lost_at, self._word_at = answer, None, awake_or_not()
            self._tracker.link()
            if self._closed:
                _cut(answer)

    def _read(self) -> None:
        assert self._answer is not None
        reason = "the server has ended the connection"
        try:
            for name, data in read_events(self._lines(self._answer)):
                self._take(name, json.loads(data))
        except TimeoutError:
            reason = _SILENT
        except (OSError, HTTPException) as error:
            reason = f"the connection broke ({type(error).__name__})"
        except (KeyError, TypeError, ValueError):
            reason = "the server says what cannot be understood"
        with self._news:
            self._answer.close()
            self._answer = None
            if self._lost_at is None:
                self._lose(reason)

    def _lines(self, answer: HTTPResponse) -> Iterator[str]:
        while line := answer.readline():
            with self._news:
                self._word_at = awake_or_not()
            yield line.decode("utf-8", "replace").rstrip("\r\n")

    def _take(self, name: str, message: Any) -> None:
        with self._news:
            if name == "state":
                read_state(message, self._api.url, "live")  # or it would fail in another place
                self._tracker.state(message)
            elif name == "heard":
                self._tracker.heard(message)
            else:
                return
            self._clock, self._clock_at = parse_time(message["now"]), awake_or_not()
            self._news.notify_all()

    def _lose(self, reason: str) -> None:
        with self._news:
            self._reason = reason
            if self._lost_at is None:
                self._lost_at = awake_or_not()
            self._tracker.unlink(reason)
            self._news.notify_all()

    def _fail(self, error: ApiError) -> None:
        with self._news:
            self._failed = error
            self._news.notify_all()


def read_events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """The events of a stream, each with its name and its data (WHATWG HTML, "Interpreting an event stream")."""
    name, data = "", list[str]()
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if line and field == "event":
            name = value
        elif line and field == "data":
            data.append(value)
        elif not line:
            if data:
                yield name or "message", "\n".join(data)
            name, data = "", []


def _cut(answer: HTTPResponse) -> None:
    """Have whoever reads an answer in another thread find it ended."""
    # One that has just come to its end by itself has no file any more, and says so with any of these.
    with suppress(AttributeError, OSError, ValueError), socket.socket(fileno=os.dup(answer.fileno())) as twin:
        twin.shutdown(socket.SHUT_RDWR)
