"""Run an application until somebody stops it."""

from __future__ import annotations

import signal
from contextlib import AbstractContextManager, nullcontext, suppress
from queue import Empty, SimpleQueue
from types import FrameType

import click
from flask import Flask

from windsock.config import Config
from windsock.errors import ConfigError
from windsock.web import Windsock
from windsock.web.serving import Server
from windsock.web.standalone import trust_proxies


def run(
    app: Flask,
    windsock: Windsock,
    config: Config,
    host: str | None,
    port: int | None,
    beside: AbstractContextManager[None] | None = None,
    hint: str = "",
) -> None:
    """Serve until SIGINT (Ctrl-C) or SIGTERM, then stop within a second; a second signal ends at once.

    ``beside`` is entered while it serves; ``hint`` is a command to try, to which the address is added.

    Raises ConfigError, StoreError, StoreInUse or ServerError if it cannot begin.
    """
    # The address is taken first: a port in use must be known before a store is made.
    server = Server(app, host or config.server.host, config.server.port if port is None else port)
    try:
        _start(app, windsock, config)
        trust_proxies(app, config)
        signals = _signals()
        server.start()
        click.echo(f"Windsock is live at {server.url} (Ctrl-C stops it)")
        if hint:
            click.echo(f"{hint} {server.url}")
        with beside or nullcontext():
            _wait(signals)
    finally:
        server.stop()
        windsock.stop(app)
    click.echo("Stopped.")


def _start(app: Flask, windsock: Windsock, config: Config) -> None:
    try:
        windsock.start(app)
    except ConfigError as error:
        if config.path is None:
            raise
        raise ConfigError([f"{config.path}: {problem}" for problem in error.problems]) from None


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
