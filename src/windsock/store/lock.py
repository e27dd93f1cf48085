"""The watch lock: a kernel lock on a file beside the store. Whoever holds it may watch.

The kernel lets go of it when its holder ends, however it ends. The file stays, for two things that it
says: who holds it, and how far the store had come (see `WatchLock.mark`).
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sys
from pathlib import Path

from windsock.errors import StoreError, StoreInUse

_MARK_AT = 512
_MARK_LENGTH = 20

# In two containers on one disk two processes may have the same id, so an id alone does not tell who is meant.
_PROCESS_KEY = secrets.token_hex(8)


class WatchLock:
    """Held from construction until `release`, and by the forked children of its holder until they release it.

    Raises StoreInUse if another process, or another store object of this one, holds the lock.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            # O_CLOEXEC is Python's default: a program started from here does not hold the lock.
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(f"{path}: cannot be opened: {error.strerror}") from None
        try:
            self._take()
            self._write(0, _introduction().encode(errors="replace").ljust(_MARK_AT))
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

    def _take(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise self._in_use() from None
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be locked: {error.strerror}; use a folder on a local disk") from None

    def _in_use(self) -> StoreInUse:
        text = os.pread(self._file, _MARK_AT, 0).decode(errors="replace").strip("\0 \n")
        found, _, key = text.rpartition("\n")
        holder = found or "another process"
        if key == _key():
            advice = (
                ", which is this very process: another application or a second runtime in it has the store open. "
                "Give each a store of its own"
            )
        else:
            advice = ". One process watches a store at a time: stop that one first, or give this one a store of its own"
        return StoreInUse(f"{self.path}: held by {holder}{advice}", holder)

    def _write(self, offset: int, text: bytes) -> None:
        try:
            os.pwrite(self._file, text, offset)
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be written: {error.strerror}") from None


def _introduction() -> str:
    return f"process {os.getpid()} ({_program()[:100]})\n{_key()}\n"


def _program() -> str:
    """Of the command only the program: its arguments may be passwords, and refusals show this to anybody."""
    if not getattr(sys, "argv", None):  # so in a program that embeds Python
        return "unknown"
    path = Path(sys.argv[0])
    return path.parent.name if path.name == "__main__.py" else path.name


def _key() -> str:
    return f"{os.getpid()}-{_PROCESS_KEY}"  # with the id, as a forked child inherits the key
