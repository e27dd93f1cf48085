"""What `windsock init` has to know, and how what was typed is read. Readers raise ValueError with what is expected."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from windsock.cli.init.spelling import spelt
from windsock.config.model import SLUG
from windsock.errors import BadReading, ConfigError
from windsock.model import check_name
from windsock.sources import create_source
from windsock.sources.url import split
from windsock.times import parse_duration

NEVER = "never"
"""Typed for a thing that may be silent for as long as it likes."""
FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)
# As in windsock.sources.azure_queue, which cannot be imported without the SDK.
_QUEUE = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")
_STATES = {"door": "OPEN, SHUT", "gate": "OPEN, SHUT", "window": "OPEN, SHUT", "build": "PASSED, RUNNING, FAILED"}


@dataclass(frozen=True, slots=True)
class Answers:
    """A thing to begin with, and where the server listens. ``silence``: a duration as the file has it; None: never."""

    thing: str
    title: str
    states: tuple[str, ...]
    source: str
    silence: str | None
    host: str
    port: int

    @property
    def kind(self) -> str:
        """The scheme of its source."""
        return split(self.source)[0]


def read_thing(text: str) -> str:
    """A name for addresses."""
    name = text.strip()
    if SLUG.fullmatch(name):
        return name
    near = spelt(name)[:64].strip("-_")
    hint = f"; {near} would do" if near else ""
    raise ValueError(f"it is part of addresses: lower-case letters, digits, hyphens and underscores, at most 64{hint}")


def read_title(text: str) -> str:
    """What people call it."""
    title = text.strip()
    if not title or any(unicodedata.category(char) in ("Cc", "Cs") for char in title):
        raise ValueError("some text, without control characters")
    return title


def read_states(text: str) -> tuple[str, ...]:
    """Names of states, with commas between; what stands there twice counts once."""
    names = [part.strip() for part in text.split(",") if part.strip()]
    if not names:
        raise ValueError("at least one state, such as OPEN, SHUT")
    try:
        return tuple(dict.fromkeys(map(check_name, names)))
    except BadReading as error:
        raise ValueError(str(error)) from None


def read_source(text: str, thing: str) -> str:
    """A source's URL, or ``inbox``, ``azure`` or ``python`` for the usual one of that kind."""
    url = usual_source(text.strip(), thing)
    if split(url)[0] == "azure-queue":
        # Without the SDK or the connection string none can be made yet; what is missing is said at the end.
        _check_queue(split(url)[1])
        return url
    try:
        create_source(url, Path()).close()
    except ConfigError as error:
        raise ValueError(str(error)) from None
    return url


def usual_source(kind: str, thing: str) -> str:
    """The source to begin with of a kind; what is no kind is a source itself."""
    usual = {
        "inbox": "inbox:",
        "azure": f"azure-queue://{usual_queue(thing)}",
        "python": f"python:{usual_function(thing)}?every=5s",
    }
    return usual.get(kind, kind)


def usual_queue(thing: str) -> str:
    """A queue's name that Azure takes."""
    name = re.sub(r"[^a-z0-9]+", "-", thing).strip("-")[:63].strip("-")
    return name if _QUEUE.fullmatch(name) else f"{name}-readings"


def usual_function(thing: str) -> str:
    """A function's name, as ``module:function``."""
    return f"readings:read_{thing.replace('-', '_')}"


def usual_title(thing: str) -> str:
    """What people may call a thing of that name."""
    return f"The {re.sub('[-_]+', ' ', thing)}"


def usual_states(thing: str) -> str:
    """States that a thing of that name may have."""
    return _STATES.get(thing, "ON, OFF")


def usual_silence(source: str) -> str:
    """A function is asked every few seconds; all else may have nothing to say for a while."""
    return "1m" if split(source)[0] == "python" else "1h"


def read_silence(text: str) -> str | None:
    """A duration; None for ``never``."""
    silence = text.strip()
    if silence.lower() == NEVER:
        return None
    if not parse_duration(silence):
        raise ValueError(f"a duration longer than nothing, such as 5m, or {NEVER}")
    return silence


def _check_queue(name: str) -> None:
    if not _QUEUE.fullmatch(name):
        raise ValueError(
            f'"{name}" is no name of an Azure queue: 3 to 63 lower-case letters and digits, single hyphens inside'
        )
