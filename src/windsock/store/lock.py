"""The watch lock: a kernel lock on a file beside the store. Whoever holds it may watch.

The kernel lets go of it when its holder ends, however it ends. The file stays, for two things that it
says: who holds it, and how far the store had come (see `WatchLock.mark`).
"""

from __future__ import annotations

import fcntl
import os
import sys
import weakref
from collections.abc import Callable
from pathlib import Path

from windsock.errors import StoreError, StoreInUse

_MARK_AT = 512
_MARK_LENGTH = 20


class WatchLock:
    """Held from construction until `release`.

    Raises StoreInUse if another process, or another store object of this one, holds the lock.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            # O_CLOEXEC is Python's default: a program started from here does not hold the lock.
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StoreError(f"{path}: cannot be opened: {error.strerror}") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            found = self._holder()
            os.close(self._file)
            raise StoreInUse(
                f"{path}: held by {found}. One process watches a store at a time: "
                "stop that one first, or give this one a store of its own"
            ) from None
        except OSError as error:
            os.close(self._file)
            raise StoreError(f"{path}: cannot be locked: {error.strerror}; use a folder on a local disk") from None
        # A forked child has the file open too, and would go on holding the lock after the parent's end.
        os.register_at_fork(after_in_child=_releaser(weakref.ref(self)))
        holder = f"process {os.getpid()} ({_command()})\n".encode(errors="replace")
        try:
            self._write(0, holder[:_MARK_AT].ljust(_MARK_AT))
        except StoreError:
            self.release()
            raise

    def mark(self) -> int | None:
        """The number last written by `set_mark`, here or in an earlier process; None: there was none."""
        text = os.pread(self._file, _MARK_LENGTH, _MARK_AT)
        return int(text) if len(text) == _MARK_LENGTH and text.isdigit() else None

    def set_mark(self, number: int) -> None:
        """Write down how far the store has come: after the commit, so never more than is durable."""
        self._write(_MARK_AT, b"%020d" % number)

    def release(self) -> None:
        """Let another process watch. Releasing twice is fine."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _holder(self) -> str:
        return os.pread(self._file, _MARK_AT, 0).decode(errors="replace").strip("\0 \n") or "another process"

    def _write(self, offset: int, text: bytes) -> None:
        try:
            os.pwrite(self._file, text, offset)
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be written: {error.strerror}") from None


def _releaser(lock: weakref.ref[WatchLock]) -> Callable[[], None]:
    def release() -> None:
        held = lock()
        if held is not None:
            held.release()

    return release


def _command() -> str:
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200]
