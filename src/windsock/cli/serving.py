"""Serve an application on the engine until somebody stops it."""

from __future__ import annotations

import gc
import signal
from contextlib import AbstractContextManager, nullcontext, suppress
from queue import Empty, SimpleQueue
from types import FrameType

import click
from flask import Flask

from windsock.addresses import browsable
from windsock.config import Config
from windsock.errors import ConfigError
from windsock.web.hosting import Host
from windsock.web.serving import listen
from windsock.web.site import Site
from windsock.web.standalone import trust_proxies

YOUNGEST = 2_000
"""Objects that are made until the garbage collector looks at the youngest: see decision 9."""


def serve_app(
    app: Flask,
    config: Config,
    host: str | None,
    port: int | None,
    beside: AbstractContextManager[None] | None = None,
    hint: str = "",
) -> None:
    """Serve until SIGINT (Ctrl-C) or SIGTERM, then stop within the drain time; a second signal ends at once.

    ``beside`` is entered while it serves; ``hint`` is a command to try, to which the address is added.

    Raises ConfigError, StoreError, StoreInUse or ServerError if it cannot begin.
    """
    server = config.server
    # The address is taken first: a port in use must be known before a store is made.
    with listen(host or server.host, server.port if port is None else port) as listener:
        hosting = Host(app, config, listener)
        site = app.extensions.get("windsock")
        trust_proxies(app, config)
        signals = _signals()
        try:
            if isinstance(site, Site):
                _start(site, config)
            hosting.start()
            _still_collector()
            url = f"{hosting.engine.scheme}://{browsable(host or server.host)}:{hosting.port}/"
            click.echo(f"Windsock is live at {url} (Ctrl-C stops it)")
            if hint:
                click.echo(f"{hint} {url}")
            with beside or nullcontext():
                _wait(signals)
        finally:
            hosting.stop()
            if isinstance(site, Site):
                site.stop()
    click.echo("Stopped.")


def _start(site: Site, config: Config) -> None:
    try:
        site.start()
    except ConfigError as error:
        if config.path is None:
            raise
        raise ConfigError([f"{config.path}: {problem}" for problem in error.problems]) from None


def _still_collector() -> None:
    """Keep the garbage collector from stopping the loop: what there is now stays, and viewers leave no cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNGEST, 20, 100)


def _signals() -> SimpleQueue[int]:
    """SIGINT and SIGTERM as they come. The queue is one that a signal handler may put into at any moment."""
    signals: SimpleQueue[int] = SimpleQueue()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        signals.put(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return signals


def _wait(signals: SimpleQueue[int]) -> None:
    # Handlers run in this thread, and only when it is awake: the kernel may give a signal to another thread, which
    # does not wake this one.
    while True:
        with suppress(Empty):
            signals.get(timeout=0.1)
            return
