"""The thread that sends all news of one delivery: so a watcher waits for no viewer, and no viewer for another."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial

from windsock.tally import Traffic
from windsock.web.frames import Frame, Frames
from windsock.web.viewer import Viewer

log = logging.getLogger("windsock.delivery")

DRAIN_EVERY = 0.02
"""Seconds between two looks at the queues of slow viewers."""
COUNT_EVERY = 1.0
"""Seconds between two messages of how many are watching."""
STOP_WITHIN = 1.0
"""Seconds that a stop waits for the thread; one that is held up ends by itself as soon as it can."""


class News:
    """Takes note from any thread, as a `Listener`; sends in its own.

    ``watching``: who watches a thing now; ``others``: how many do so beside them; ``traffic``: where it is counted.
    """

    def __init__(self, watching: Callable[[str], list[Viewer]], others: Callable[[str], int], traffic: Traffic) -> None:
        self._watching = watching
        self._others = others
        self._traffic = traffic
        self._frames: Frames | None = None
        self._condition = threading.Condition()
        # Per thing that changed, when the first of those changes was committed, and how many there were.
        self._changed: dict[str, tuple[float, int]] = {}
        self._heard: set[str] = set()
        self._recounted: set[str] = set()
        self._counted_at = 0.0
        self._slow: set[Viewer] = set()
        self._thread: threading.Thread | None = None

    def start(self, frames: Frames) -> None:
        """Begin to send."""
        self._frames = frames
        self._thread = threading.Thread(target=self._run, name="windsock-delivery", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send no more, and wait a moment for what is just being sent. A second call does nothing."""
        with self._condition:
            thread, self._thread = self._thread, None
            self._condition.notify()
        # A handler of the application that stops Windsock may run in this very thread.
        if thread and thread.is_alive() and thread is not threading.current_thread():
            thread.join(STOP_WITHIN)

    def changed(self, thing: str) -> None:
        """See `Listener.changed`."""
        now = time.monotonic()
        with self._condition:
            at, times = self._changed.get(thing, (now, 0))
            self._changed[thing] = (at, times + 1)
            self._condition.notify()

    def heard(self, thing: str) -> None:
        """See `Listener.heard`."""
        with self._condition:
            self._heard.add(thing)
            self._condition.notify()

    def recount(self, things: Collection[str]) -> None:
        """Tell before long how many are watching."""
        with self._condition:
            self._recounted.update(things)
            self._condition.notify()

    def look_after(self, viewer: Viewer) -> None:
        """See whether anything of a viewer is held back, and if so, send it as soon as its queue has drained."""
        with self._condition:
            if viewer.slow:
                self._slow.add(viewer)
                self._condition.notify()
            else:
                self._slow.discard(viewer)

    def _run(self) -> None:
        while True:
            with self._condition:
                if not self._anything():
                    self._condition.wait(self._patience())
                # Not a flag: after a stop that did not wait and another start, there is another thread.
                if self._thread is not threading.current_thread():
                    return
                changed, heard = self._changed, self._heard - self._changed.keys()
                self._changed, self._heard = {}, set()
            try:
                self._send(changed, heard)
            except Exception:  # whatever one round meets, the next one must come
                log.exception("a round of deliveries failed")

    def _anything(self) -> bool:
        return bool(self._changed or self._heard or self._thread is not threading.current_thread())

    def _patience(self) -> float | None:
        if self._slow:
            return DRAIN_EVERY
        return COUNT_EVERY if self._recounted else None

    def _send(self, changed: Mapping[str, tuple[float, int]], heard: Collection[str]) -> None:
        assert self._frames is not None
        for thing, (at, times) in changed.items():
            viewers, overtaken = self._broadcast(thing, partial(self._frames.state, thing))
            self._count(at, viewers, overtaken + (times - 1) * viewers)
        for thing in heard:
            self._broadcast(thing, partial(self._frames.heard, thing))
        self._send_counts(self._frames)
        for viewer in list(self._slow):
            self._drain(viewer, self._frames)

    def _broadcast(self, thing: str, make: Callable[[str], Frame]) -> tuple[int, int]:
        """Offer news to all who watch; how many that are, and how many of them had not got the state before."""
        frames: dict[str, Frame] = {}
        viewers = overtaken = 0
        try:
            for viewer in self._watching(thing):
                if viewer.base not in frames:
                    frames[viewer.base] = make(viewer.base)
                overtaken += viewer.offer(thing, frames[viewer.base])
                viewers += 1
                self.look_after(viewer)
        except Exception:  # it must not cost the other things their news
            log.exception("the news of %s could not be sent", thing)
        return viewers, overtaken

    def _count(self, at: float, viewers: int, overtaken: int) -> None:
        """A change that was committed at a time has been put into the queues of so many viewers."""
        with self._traffic.lock:
            self._traffic.overtaken += overtaken
            if viewers:
                self._traffic.deliveries.observe(time.monotonic() - at)

    def _drain(self, viewer: Viewer, frames: Frames) -> None:
        try:
            viewer.drain(partial(frames.state, base=viewer.base))
        except Exception:  # it must not cost the other viewers theirs
            log.exception("what was held back from a viewer could not be sent")
        self.look_after(viewer)

    def _send_counts(self, frames: Frames) -> None:
        now = time.monotonic()
        if not self._recounted or now - self._counted_at < COUNT_EVERY:
            return
        self._counted_at = now
        with self._condition:
            things, self._recounted = self._recounted, set()
        for thing in things:
            viewers = self._watching(thing)
            encoded = frames.viewers(thing, len(viewers) + self._others(thing))
            for viewer in viewers:
                if viewer.counts:
                    viewer.note(thing, encoded)
                    self.look_after(viewer)
