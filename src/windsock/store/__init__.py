"""Stores: current states and history. `open_store` chooses one by its URL."""

from __future__ import annotations

from pathlib import Path

from windsock.errors import ConfigError
from windsock.store.base import Batch, SeenId, Store
from windsock.store.memory import MemoryStore
from windsock.store.sqlite import SqliteStore

__all__ = ["Batch", "MemoryStore", "SeenId", "SqliteStore", "Store", "open_store"]

SQLITE = "sqlite:///"
"""What the URL of a store in a file begins with."""


def open_store(url: str, base: Path) -> Store:
    """The store that a URL names; ``sqlite:///name`` lies in ``base``, ``sqlite:////name`` at the root.

    Raises ConfigError for another URL, and StoreError as the stores do.
    """
    if url == "memory:":
        return MemoryStore()
    if url.startswith(SQLITE) and len(url) > len(SQLITE):
        return SqliteStore(base / url.removeprefix(SQLITE))
    raise ConfigError(f'store.url: found "{_presentable(url)}", expected "memory:" or "sqlite:///windsock.db"')


def _presentable(url: str) -> str:
    """A URL of no store; only its scheme where the rest may hold a password."""
    return f"{url.partition(':')[0]}:…" if "@" in url or "?" in url else url
