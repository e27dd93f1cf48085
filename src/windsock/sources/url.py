"""Sources are URLs: ``scheme:name?option=value``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

from windsock.errors import ConfigError
from windsock.times import parse_duration

Options = Mapping[str, Callable[[str], Any]]
"""The options that a kind of source has, and how each is read; a reader raises ValueError."""


def split(url: str) -> tuple[str, str, str]:
    """The scheme, the name and the query of a source's URL."""
    scheme, _, rest = url.partition(":")
    name, _, query = rest.partition("?")
    return scheme, name.removeprefix("//"), query


def presentable(url: str) -> str:
    """``url`` without the user and the password that one of an unknown kind may hold."""
    return re.sub("//.*@", "//…@", url)


def read_options(url: str, options: Options) -> dict[str, Any]:
    """The options in a URL. Raises ConfigError for an unknown or repeated one, or a wrong value."""
    found: dict[str, Any] = {}
    for key, value in parse_qsl(split(url)[2], keep_blank_values=True):
        if key not in options:
            raise ConfigError(f'found "{url}", which has the unknown option "{key}"{_hint(key, options)}')
        if key in found:
            raise ConfigError(f'found "{url}", which has the option "{key}" twice')
        try:
            found[key] = options[key](value)
        except ValueError as error:
            raise ConfigError(f'found "{url}", where {key} is wrong: {error}') from None
    return found


def duration(least: timedelta, most: timedelta) -> Callable[[str], timedelta]:
    """A reader of durations between two bounds."""

    def read(text: str) -> timedelta:
        value = parse_duration(text)
        if not least <= value <= most:
            raise ValueError(f"{text} is not between {least} and {most} (hours:minutes:seconds)")
        return value

    return read


def one_of(*names: str) -> Callable[[str], str]:
    """A reader of one of several words."""

    def read(text: str) -> str:
        if text not in names:
            raise ValueError(f"{text!r} is none of {', '.join(names)}")
        return text

    return read


def _hint(key: str, options: Options) -> str:
    near = difflib.get_close_matches(key, options, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; it knows {', '.join(options)}" if options else "; it has none"
