"""A Flask application's ``WINDSOCK_…`` keys win over `windsock.toml`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from windsock.config.load import Config
from windsock.config.model import File
from windsock.config.problems import explain
from windsock.errors import ConfigError

# Where in the file each key's value would stand.
_PLACES = {
    "WINDSOCK_STORE_URL": ("store", "url"),
    "WINDSOCK_STORE_KEEP": ("store", "keep"),
    "WINDSOCK_PUBLISHER_KEY": ("server", "publisher_key"),
    "WINDSOCK_ALLOWED_ORIGINS": ("server", "allowed_origins"),
}
_UNSET = " (an environment variable that is not set?), expected a value; leave the key out where the file's counts"
KEYS = ("WINDSOCK_CONFIG", "WINDSOCK_URL_PREFIX", *_PLACES)
"""All keys; the first two are read by the extension itself."""


def override(config: Config, values: Mapping[str, Any]) -> Config:
    """``config`` with the values of an application's keys in it. Raises ConfigError for a wrong or unknown key."""
    unknown = [key for key in values if key not in KEYS]
    if unknown:
        raise ConfigError([f"app.config: {key}: unknown key{_hint(key)}" for key in unknown])
    missing = [key for key in _PLACES if key in values and values[key] is None]
    if missing:
        # Passed for "none", an unset variable would open what the file's key locks.
        raise ConfigError([f"app.config: {key}: found None{_UNSET}" for key in missing])
    given = {"server": config.server.model_dump(), "store": config.store.model_dump()}
    places = {key: place for key, place in _PLACES.items() if key in values}
    for key, (table, field) in places.items():
        given[table][field] = values[key]
    try:
        file = File.model_validate(given)
    except ValidationError as error:
        raise ConfigError([f"app.config: {_named(problem)}" for problem in explain(error, File)]) from None
    return replace(config, server=file.server, store=file.store)


def _named(problem: str) -> str:
    """The problem with the application's name of the key instead of the file's."""
    for key, place in _PLACES.items():
        problem = problem.replace(".".join(place), key, 1)
    return problem


def _hint(key: str) -> str:
    near = difflib.get_close_matches(key, KEYS, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(KEYS)}"
