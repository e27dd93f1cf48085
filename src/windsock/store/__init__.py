"""Stores: current states and history. `open_store` chooses one by its URL."""

from __future__ import annotations

import os
from pathlib import Path

from windsock.errors import ConfigError, StoreInUse
from windsock.store.base import Batch, SeenId, Store
from windsock.store.memory import MemoryStore
from windsock.store.sqlite import SqliteStore, check_in_use

__all__ = ["Batch", "MemoryStore", "SeenId", "SqliteStore", "Store", "check_store", "open_store"]

_SQLITE = "sqlite:///"


def open_store(url: str, base: Path) -> Store:
    """The store that a URL names; ``sqlite:///name`` lies in ``base``, ``sqlite:////name`` at the root.

    Raises ConfigError for another URL, and StoreError as the stores do.
    """
    if url == "memory:":
        return MemoryStore()
    if url.startswith(_SQLITE) and len(url) > len(_SQLITE):
        return SqliteStore(base / url.removeprefix(_SQLITE))
    raise ConfigError(f'store.url: found "{_presentable(url)}", expected "memory:" or "sqlite:///windsock.db"')


def check_store(url: str, base: Path) -> str | None:
    """Try to write to a store. None: there is none yet, and it can be made; else who has it open, or "".

    Raises ConfigError and StoreError as `open_store` does, but not for a store that is in use.
    """
    path = base / url.removeprefix(_SQLITE)
    if url.startswith(_SQLITE) and not path.exists() and os.access(path.parent, os.W_OK):
        return None
    try:
        store = open_store(url, base)
    except StoreInUse as error:
        check_in_use(path)
        return error.holder
    try:
        store.check()
    finally:
        store.close()
    return ""


def _presentable(url: str) -> str:
    """A URL of no store; only its scheme where the rest may hold a password."""
    return f"{url.partition(':')[0]}:…" if "@" in url or "?" in url else url
