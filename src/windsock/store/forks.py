"""What a store has to do when its process forks.

SQLite keeps, for the whole process, a table of the files that it has open and the POSIX locks that it holds on
them. A forked child inherits the table but not the locks. It would believe itself safe, and the next program
that looks into the file would take itself for the only one, and remove the log with what the child commits.
So every store gives its connections up before a fork: then there is nothing to inherit.
"""

from __future__ import annotations

import logging  # noqa: F401  # its fork hooks have to be there before ours: see the end of this file
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from weakref import WeakSet


class Forking(Protocol):
    """Told of every fork. None of this may raise: to fork is the application's own business."""

    def before_fork(self) -> None:
        """Stop all use, and give up what must not be inherited."""

    def after_fork_in_parent(self) -> None:
        """Go on."""

    def after_fork_in_child(self) -> None:
        """Be closed: what was open belongs to the parent."""


# A fork concerns the whole process, and hooks cannot be taken back. So this is the one state that the package
# shares: which stores there are. The set is weak, and forgets a store that nobody has any more.
_stores: WeakSet[Forking] = WeakSet()
_told: list[Forking] = []
_lock = threading.RLock()


def tell(store: Forking) -> None:
    """Let a store know of every fork from now on."""
    with _lock:
        _stores.add(store)


@contextmanager
def held_off() -> Iterator[None]:
    """No fork happens in here: for moments in which a child would inherit half of something."""
    with _lock:
        yield


def _before() -> None:
    _lock.acquire()
    _told.extend(_stores)
    for store in _told:
        store.before_fork()


def _in_parent() -> None:
    for store in _told:
        store.after_fork_in_parent()
    _go_on()


def _in_child() -> None:
    for store in _told:
        store.after_fork_in_child()
    _go_on()


def _go_on() -> None:
    _told.clear()
    _lock.release()


# Once per process. What is registered last is called first: while we wait for a commit to end, the locks of
# `logging` are not taken yet, so that the thread that commits can log.
os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
