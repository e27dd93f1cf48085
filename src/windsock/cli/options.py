"""Options that several verbs share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from windsock.addresses import browsable
from windsock.cli.api import Api
from windsock.config import Config, load
from windsock.errors import ConfigError

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_CONFIG = Path("windsock.toml")
DEFAULT_URL = "http://127.0.0.1:5000"


def config_option(function: F) -> F:
    """``--config``: which configuration."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        default=DEFAULT_CONFIG,
        show_default=True,
        help="The configuration.",
    )(function)


def address_options(function: F) -> F:
    """``--host`` and ``--port``: where to listen."""
    function = click.option("--port", type=click.IntRange(0, 65535), help="The port; 0: any free one.")(function)
    return click.option("--host", help="The address to listen at.")(function)


def server_options(function: F, environment: bool = True) -> F:
    """``--url`` and ``--key``: which server to talk to. ``environment``: whether the key may come from there too."""
    function = click.option(
        "--key",
        envvar="WINDSOCK_KEY" if environment else None,
        show_envvar=True,
        help="The publisher key, if the server has one." + ("" if environment else "  [env var: WINDSOCK_KEY]"),
    )(function)
    return click.option(
        "--url",
        help=f"The server. Default: that of windsock.toml, else {DEFAULT_URL}. "
        f"A Flask application's with its prefix: {DEFAULT_URL}/windsock",
    )(function)


def connect(url: str | None, key: str | None) -> Api:
    """The server that the options name; what they leave open, the `windsock.toml` of this folder says."""
    if url is None and DEFAULT_CONFIG.is_file():
        server = _load_default().server
        return Api(f"http://{browsable(server.host)}:{server.port}", key or server.publisher_key)
    return Api(url or DEFAULT_URL, key)


def _load_default() -> Config:
    try:
        return load(DEFAULT_CONFIG, os.environ)
    except ConfigError as error:
        hint = f"{DEFAULT_CONFIG} is not needed where --url names the server, and --key its publisher key"
        raise ConfigError([*error.problems, hint]) from None
