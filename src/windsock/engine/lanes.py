"""A few threads for work that blocks: in order for each key, side by side for different ones."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Hashable

log = logging.getLogger("windsock.engine")


class Lanes:
    """Threads are started when there is work, up to ``most``, and kept; above that work waits its turn.

    Safe from any thread. They are daemons: work that never ends does not keep the process from ending.
    """

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._most = most
        self._condition = threading.Condition()
        # A key is in `_ready` if it has work that nobody is at.
        self._work: dict[Hashable, deque[Callable[[], object]]] = {}
        self._ready: deque[Hashable] = deque()
        self._threads = 0
        self._idle = 0
        self._number = 0
        self._stopped = False

    def submit(self, key: Hashable, work: Callable[[], object]) -> None:
        """Do ``work`` after all that was submitted with the same key. After `stop` it is dropped."""
        with self._condition:
            if self._stopped:
                return
            waiting = self._work.get(key)
            if waiting is not None:
                waiting.append(work)
                return
            self._work[key] = deque([work])
            self._ready.append(key)
            if self._idle >= len(self._ready):
                self._condition.notify()
            elif self._threads < self._most:
                self._start_thread()

    def stop(self, within: float = 0.0) -> bool:
        """Begin nothing more. Waits so many seconds for what is going on; the answer says whether it has ended."""
        with self._condition:
            self._stopped = True
            self._work.clear()
            self._ready.clear()
            self._condition.notify_all()
            return self._condition.wait_for(lambda: self._threads == 0, within)

    def _start_thread(self) -> None:
        self._threads += 1
        self._number += 1
        threading.Thread(target=self._run, name=f"{self._name}-{self._number}", daemon=True).start()

    def _run(self) -> None:
        while (found := self._take()) is not None:
            key, work = found
            try:
                work()
            except Exception:  # whatever it meets, the thread goes on with the next
                log.exception("work in a thread failed")
            self._done(key)
            # What it was about must not be kept alive until there is something else to do.
            del found, key, work

    def _take(self) -> tuple[Hashable, Callable[[], object]] | None:
        with self._condition:
            self._idle += 1
            self._condition.wait_for(lambda: self._ready or self._stopped)
            self._idle -= 1
            if self._stopped:
                self._threads -= 1
                self._condition.notify_all()
                return None
            key = self._ready.popleft()
            return key, self._work[key].popleft()

    def _done(self, key: Hashable) -> None:
        with self._condition:
            if self._work.get(key):
                self._ready.append(key)
            else:
                self._work.pop(key, None)
