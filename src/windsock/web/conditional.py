"""Answers that differ from those that their readers have, at once or as soon as they do: ETag and ``Prefer: wait``."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, request
from werkzeug.datastructures import ETags

from windsock import wire
from windsock.errors import WindsockError
from windsock.jsontext import canonical
from windsock.web.feed import Feed, Subscription
from windsock.web.waits import WAITED, gone, in_thread, later, too_many

LONGEST_WAIT = 60
"""Seconds for which an answer waits at most."""
# RFC 7240: preferences and their parameters are tokens, with or without a value, and values may be quoted.
_PREFERENCE = re.compile(r"""(?:[^,"]|"(?:[^"\\]|\\.)*(?:"|$))+""")
_WAIT = re.compile(r"""\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?:;.*)?""", re.ASCII | re.IGNORECASE | re.DOTALL)
# What moves without the thing having changed: a value with other clocks is the same value.
_CLOCKS = ("now", "heard_at")


def tag_of_thing(described: wire.Payload) -> str:
    """The opaque part of a weak entity tag: the position, and a digest of all that is said but the clocks."""
    return f"{described['epoch']}-{described['version']}-{_digest(described)}"


def tag_of_things(described: list[wire.Payload]) -> str:
    """The same for all things."""
    return hashlib.sha256("-".join(map(tag_of_thing, described)).encode()).hexdigest()[:16]


def wait_of(headers: list[str]) -> int | None:
    """Seconds for which ``Prefer`` headers ask the answer to wait; None if they do not, or not understandably."""
    for preference in _PREFERENCE.findall(",".join(headers)):
        found = _WAIT.fullmatch(preference)
        if found:
            return min(int(found[1]), LONGEST_WAIT)
    return None


def answer(tag: str, response: Response) -> Response:
    """``response``, or that it is not modified."""
    response.set_etag(tag, weak=True)
    if request.if_none_match.contains_weak(tag):
        response.status_code = 304
        response.set_data(b"")
    return response


def answer_later(feed: Feed, thing: str, tag: Callable[[], str], make: Callable[[], tuple[str, Response]]) -> Response:
    """The answer about a thing, as soon as it differs from what the reader has or the time that it waits is over.

    ``make`` makes the answer and its tag as they are now, ``tag`` only that.
    """
    made, response = make()
    seconds = _wait(request.if_none_match)
    if seconds is None:
        return answer(made, response)
    delay = request.environ.get(WAITED) or Delay(feed, thing, seconds, request.if_none_match, tag)
    if request.if_none_match.contains_weak(made) and not delay.over:
        if feed.full:
            return too_many()
        wait = later(request.environ)
        if wait is not None:
            wait(delay)  # this request comes again, and this answer is dropped
        else:
            for _ in in_thread(delay, gone(request.environ)):
                pass
            made, response = make()
    response.headers["Preference-Applied"] = f"wait={seconds}"
    return answer(made, response)


class Delay:
    """See `engine.waiting.Waiting`: over when the tag of a thing is none of those that the reader has, or in time."""

    def __init__(self, feed: Feed, thing: str, seconds: float, had: ETags, tag: Callable[[], str]) -> None:
        self._subscription = Subscription(feed, [thing], watches=False)
        self._until = time.monotonic() + seconds
        self._had = had
        self._tag = tag
        self._stopped = False

    @property
    def over(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self._stopped or self.patience() <= 0

    def begin(self, wake: Callable[[], None]) -> None:
        self._subscription.open(wake)

    def take(self) -> bytes | None:
        if self._subscription.news() is None:
            self._stopped = True
        return None if self.over or self._differs() else b""

    def patience(self) -> float:
        return self._until - time.monotonic()

    def close(self) -> None:
        self._stopped = True
        self._subscription.close()

    def _differs(self) -> bool:
        try:
            return not self._had.contains_weak(self._tag())
        except WindsockError:
            return True  # the answer says so


def _wait(had: ETags) -> int | None:
    """Seconds for which this request may wait: it names what the reader has, and has no body to be read twice."""
    named = bool(had) and not had.star_tag
    plain = request.method == "GET" and not request.content_length and "HTTP_TRANSFER_ENCODING" not in request.environ
    return wait_of(request.headers.getlist("Prefer")) if named and plain else None


def _digest(described: Mapping[str, Any]) -> str:
    said = {name: value for name, value in described.items() if name not in _CLOCKS}
    return hashlib.sha256(canonical(said).encode()).hexdigest()[:16]
