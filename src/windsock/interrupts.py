"""Ctrl-C, for programs that are still beginning."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ended_by_ctrl_c() -> Iterator[None]:
    """Ctrl-C ends the program at once and quietly while this lasts, where it would be a KeyboardInterrupt otherwise.

    For imports: an exception in their middle may come out as a traceback of somebody else's. Where Ctrl-C is not to be
    heard, or a thread of an application imports, nothing is changed.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
