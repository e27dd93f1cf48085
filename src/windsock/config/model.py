"""What `windsock.toml` can say, as types. Every key of the file is a field here, and nothing else is."""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from windsock.errors import BadReading
from windsock.model import Backlog, check_name
from windsock.times import DURATION, parse_duration

SLUG = re.compile(r"[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?")
# CSS colours: hexadecimal, or a name. Nothing else, so that a colour cannot carry more than a colour.
_COLOR = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})|[a-zA-Z]{3,30}")

_ORIGIN = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.IGNORECASE)


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    expected = "a duration such as 500ms, 5s, 1m30s or 2h"
    if not isinstance(value, str):
        raise ValueError(expected)
    try:
        duration = parse_duration(value)
    except ValueError:
        raise ValueError(f"{expected}, of at most a hundred years" if DURATION.fullmatch(value) else expected) from None
    if not duration:
        raise ValueError("a duration longer than nothing")
    return duration


def _backlog(value: object) -> Backlog:
    if value in ("latest", "every"):
        return value
    try:
        return _duration(value)
    except ValueError:
        raise ValueError('"latest", "every", or a duration such as "30s"') from None


def _slug(value: str) -> str:
    if not SLUG.fullmatch(value):
        raise ValueError("a name of lower-case letters, digits, hyphens and underscores, at most 64")
    return value


def _state_name(value: str) -> str:
    if value != value.strip():
        raise ValueError("a state name without spaces around it")
    try:
        return check_name(value)
    except BadReading as error:
        raise ValueError(f"a state name ({error})") from None


def _color(value: str) -> str:
    if not _COLOR.fullmatch(value):
        raise ValueError('a colour such as "#8fb8de" or "teal"')
    return value


def _origin(value: str) -> str:
    if value == "*":
        return value
    if not _ORIGIN.fullmatch(value):
        raise ValueError('an origin such as "https://example.org", without a path')
    return value.lower()


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise ValueError('an address or network such as "10.0.0.5" or "10.0.0.0/8"') from None


def _path(value: object) -> object:
    return Path(value) if isinstance(value, str) and value else value


def _some(value: str) -> str:
    if not value.strip():
        raise ValueError("some text")
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
StateName = Annotated[str, AfterValidator(_state_name)]
Slug = Annotated[str, AfterValidator(_slug)]
Text = Annotated[str, AfterValidator(_some)]

ImagePath = Annotated[Path, BeforeValidator(_path)]
FilePath = Annotated[Path, BeforeValidator(_path)]
_Some = Annotated[int, Field(ge=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class StateTable(_Table):
    """``[things.<thing>.states] NAME = { … }``: how a state is shown."""

    label: Text | None = None
    image: ImagePath | None = None
    color: Annotated[str, AfterValidator(_color)] | None = None


class ThingTable(_Table):
    """``[things.<thing>]``: what is watched."""

    title: Text | None = None
    source: Text = "inbox:"
    backlog: Annotated[Any, BeforeValidator(_backlog)] = "latest"
    rest: StateName | None = None
    rest_after: Duration | None = None
    offline: StateName | None = None
    offline_after: Duration | None = None
    keep: Duration | None = None
    states: dict[StateName, StateTable] = Field(default_factory=dict)


class ServerTable(_Table):
    """``[server]``: where `windsock serve` listens, and who may write."""

    host: Text = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 5000
    publisher_key: Text | None = Field(default=None, repr=False)
    allowed_origins: list[Annotated[str, AfterValidator(_origin)]] = Field(default_factory=list)
    trusted_proxies: list[Annotated[str, AfterValidator(_network)]] = Field(default_factory=list)
    certificate: FilePath | None = None
    certificate_key: FilePath | None = None
    ping_interval: Duration = timedelta(seconds=10)
    ping_timeout: Duration = timedelta(seconds=10)
    drain: Duration = timedelta(seconds=5)


class LimitsTable(_Table):
    """``[limits]``: how much of the server viewers may use; what is left out is as the engine has it."""

    connections: _Some | None = None
    connections_per_address: _Some | None = None
    handshake_timeout: Duration | None = None
    connect_timeout: Duration | None = None
    message_size: _Some | None = None
    waiting_size: _Some | None = None
    things_per_viewer: _Some | None = None
    events_per_second: _Some | None = None
    polling_sessions: _Some | None = None
    page_requests: _Some | None = None


class StoreTable(_Table):
    """``[store]``: where states and history are kept."""

    url: Text = "sqlite:///windsock.db"
    keep: Duration | None = None


class File(_Table):
    """The whole of `windsock.toml`."""

    server: ServerTable = ServerTable()
    limits: LimitsTable = LimitsTable()
    store: StoreTable = StoreTable()
    things: dict[Slug, ThingTable] = Field(default_factory=dict)
