"""The threads that carry out what sessions send: each session in order, different ones side by side."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from time import monotonic

from windsock.web.carrier.inbox import Inbox

log = logging.getLogger("windsock.carrier")

MOST = 64
"""Threads at most. Handlers wait for databases and services far more than they compute, so there are many more than
cores; but Python runs one at a time, and each costs some memory and a share of every other one's turn. Above it
sessions wait for a thread, in the order in which they came; nothing is refused or lost."""
KEPT_FREE = 8
"""So many of them never begin what may wait long: an acknowledgement gets through even if all handlers wait for one."""
IDLE = 5.0
"""Seconds after which a thread without work ends, if another one is waiting for work."""


class Pool:
    """``handle`` does the next thing in an inbox, and tells whether the inbox has to wait for `resume`; ``is_long``
    tells whether that next thing may wait long.

    The engine's loop only appends to a queue here: it takes no lock that a thread could hold, and starts no thread.
    Instead there is always one thread more than there is work for, until there are ``most``.
    """

    def __init__(
        self,
        handle: Callable[[Inbox], bool],
        is_long: Callable[[Inbox], bool],
        name: str = "windsock-events",
        most: int = MOST,
        kept_free: int = KEPT_FREE,
        idle: float = IDLE,
    ) -> None:
        self._handle = handle
        self._is_long = is_long
        self._name = name
        self._most = most
        self._most_long = most - kept_free
        self._idle_time = idle
        # An inbox that has something new, one that was claimed and goes on, or the word to end.
        self._tickets: SimpleQueue[tuple[Inbox, bool] | None] = SimpleQueue()
        # The following is the threads' own.
        self._condition = threading.Condition()
        self._threads: set[threading.Thread] = set()
        self._number = 0
        self._idle = 0
        self._long = 0
        # Claimed inboxes whose next thing may wait long, while too many already do.
        self._postponed: deque[Inbox] = deque()
        self._settling = self._stopping = False

    def start(self) -> None:
        """Be ready for work."""
        with self._condition:
            self._add_thread()

    def notify(self, inbox: Inbox) -> None:
        """There is something in an inbox. For the engine's loop; call it after putting it in."""
        if not inbox.ticketed:
            inbox.ticketed = True
            self._tickets.put((inbox, False))

    def resume(self, inbox: Inbox) -> None:
        """Go on with an inbox that had to wait. Safe from any thread."""
        self._tickets.put((inbox, True))

    def settle(self, settled: Callable[[], bool], within: float) -> bool:
        """Wait so many seconds for something that only work done here can bring about; whether it came."""
        with self._condition:
            self._settling = True
            return self._condition.wait_for(settled, within)

    def stop(self, within: float) -> bool:
        """End the threads; begin nothing more. Whether all ended within so many seconds."""
        with self._condition:
            self._stopping = True
            threads = list(self._threads)
        for _ in threads:
            self._tickets.put(None)
        deadline = monotonic() + within
        for thread in threads:
            thread.join(max(0.0, deadline - monotonic()))
        return not any(thread.is_alive() for thread in threads)

    # -------------------------------------------------------------------------------------------------------- threads

    def _add_thread(self) -> None:
        """Called with the condition held."""
        self._number += 1
        thread = threading.Thread(target=self._run, name=f"{self._name}-{self._number}", daemon=True)
        self._threads.add(thread)
        self._idle += 1
        thread.start()

    def _try_to_add_thread(self) -> None:
        try:
            self._add_thread()
        except RuntimeError:  # the system gives no more threads: those that there are go on
            log.warning("no further thread could be started for the application's handlers")
            self._idle -= 1
            self._threads = {thread for thread in self._threads if thread.is_alive()}

    def _run(self) -> None:
        while (ticket := self._take()) is not None:
            self._serve(*ticket)
            del ticket  # its session must not be kept alive until there is something else to do
            with self._condition:
                self._idle += 1
                if self._settling:
                    self._condition.notify_all()

    def _take(self) -> tuple[Inbox, bool] | None:
        while True:
            try:
                ticket = self._tickets.get(timeout=self._idle_time)
            except Empty:
                if self._may_end():
                    return None
                continue
            with self._condition:
                self._idle -= 1
                if ticket is None:
                    self._threads.discard(threading.current_thread())
                elif not self._idle and len(self._threads) < self._most and not self._stopping:
                    self._try_to_add_thread()
            return ticket

    def _may_end(self) -> bool:
        with self._condition:
            if self._idle == 1:  # nobody else would be there to begin with
                return False
            self._idle -= 1
            self._threads.discard(threading.current_thread())
            return True

    # ----------------------------------------------------------------------------------------------------------- work

    def _serve(self, inbox: Inbox, claimed: bool) -> None:
        inbox.ticketed = False  # before it is looked into: what comes from here on brings a ticket of its own
        if not claimed and not inbox.claim():
            return  # whoever has it looks again before letting go for good
        following = self._go(inbox, granted=False)
        while following is not None:
            following = self._go(following, granted=True)

    def _go(self, inbox: Inbox, granted: bool) -> Inbox | None:
        """Do the next thing in a claimed inbox; what is given back is another one, whose turn has come by that.

        ``granted``: it is counted already among those that may take long.
        """
        long = granted or (bool(inbox.messages) and self._is_long(inbox))
        if long and not granted and not self._begin_long(inbox):
            return None
        waits = False
        try:
            waits = self._handle(inbox)
        except BaseException:  # whatever it meets, the thread goes on with the next
            log.exception("a message could not be carried out")
        if not waits:
            inbox.release()
            # One thing at a time, so that nobody who sends much keeps others from their turn.
            if inbox.messages:
                self.notify(inbox)
        return self._end_long() if long else None

    def _begin_long(self, inbox: Inbox) -> bool:
        with self._condition:
            if self._long < self._most_long:
                self._long += 1
                return True
            self._postponed.append(inbox)
            return False

    def _end_long(self) -> Inbox | None:
        with self._condition:
            if self._postponed:
                return self._postponed.popleft()
            self._long -= 1
            return None
