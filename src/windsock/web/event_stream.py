"""A stream of server-sent events (WHATWG HTML, "Server-sent events"): what is written, and when."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from windsock import wire
from windsock.errors import NotStarted
from windsock.web.feed import Feed, News, Shared, Subscription
from windsock.web.views import Views
from windsock.web.waits import in_thread

HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent: it shows both sides that the other one is there."""
RETRY = (1000, 3000)
"""Milliseconds after which readers come back, spread by chance: a restarted server meets them all."""
_COMMENT = ":\n\n"


class EventTexts:
    """The events of things, each written once for all who read it."""

    def __init__(self, feed: Feed, views: Callable[[], Views]) -> None:
        self._of: dict[News, Shared[tuple[str, str]]] = {
            "state": Shared(feed, lambda thing, base: _event("state", views().state(thing, base))),
            "heard": Shared(feed, lambda thing, _base: _event("heard", views().heard(thing))),
        }

    def text(self, news: News, thing: str, base: str) -> tuple[str, str]:
        """The position that an event shows, and the event without an id. Raises NotStarted."""
        return self._of[news].get(thing, base)


class EventStream:
    """The body of a response: see `engine.waiting.Waiting`. It begins with the newest state of each thing.

    ``brief``: the server has a loop for it. If it is read in a thread all the same, then because something of the
    application's own is around it; it ends after its beginning then, and its reader comes again by itself. ``gone``
    tells whether the reader has gone, to who reads it in a thread.
    """

    def __init__(
        self,
        feed: Feed,
        texts: EventTexts,
        things: Sequence[str],
        base: str,
        ids: bool,
        brief: bool,
        gone: Callable[[], bool],
    ) -> None:
        self._feed = feed
        self._subscription = Subscription(feed, things, watches=True)
        self._things = things
        self._texts = texts
        self._base = base
        self._ids = ids
        self._brief = brief
        self._gone = gone
        self._told: dict[str, str] = {}
        self._begun = False
        self._said_at = 0.0

    def __iter__(self) -> Iterator[bytes]:
        """Read in a thread."""
        for part in in_thread(self, self._gone):
            yield part
            if self._brief:
                return

    def begin(self, wake: Callable[[], None]) -> None:
        self._subscription.open(wake)

    def take(self) -> bytes | None:
        news, now = self._subscription.news(), time.monotonic()
        try:
            text = None if news is None else self._text(news, now)
        except NotStarted:  # it has just been stopped
            return None
        if text is None:
            return None
        part = text.encode()
        if part:
            self._said_at = now
            self._feed.count(len(part))
        return part

    def _text(self, news: Mapping[str, News], now: float) -> str:
        """What is to be said now, or nothing."""
        if not self._begun:
            self._begun = True
            return f"retry: {random.randint(*RETRY)}\n\n" + self._written(dict.fromkeys(self._things, "state"))
        if news:
            return self._written(news)
        return "" if now - self._said_at < HEARTBEAT else _COMMENT

    def patience(self) -> float:
        return max(HEARTBEAT - (time.monotonic() - self._said_at), 0.0)

    def close(self) -> None:
        self._subscription.close()

    def _written(self, news: Mapping[str, News]) -> str:
        return "".join(self._one(thing, kind) for thing, kind in news.items())

    def _one(self, thing: str, news: News) -> str:
        position, text = self._texts.text(news, thing, self._base)
        if news == "heard":
            return text
        if self._told.get(thing) == position:
            # It was newer than its news: what else that news may have been about is told without saying it twice.
            return self._one(thing, "heard")
        self._told[thing] = position
        return f"id: {position}\n{text}" if self._ids else text


def _event(news: News, message: wire.Payload) -> tuple[str, str]:
    """The position that it shows, and the event without an id."""
    data = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return f"{message['epoch']}:{message['version']}", f"event: {news}\ndata: {data}\n\n"
