"""Run an application until somebody stops it."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import click
from flask import Flask

from windsock.config import Config
from windsock.web import Windsock
from windsock.web.serving import Server
from windsock.web.standalone import trust_proxies


def run(app: Flask, windsock: Windsock, config: Config, host: str | None, port: int | None) -> None:
    """Serve until SIGINT (Ctrl-C) or SIGTERM, then stop within a second; a second signal ends at once.

    Raises ConfigError, StoreError, StoreInUse or ServerError if it cannot begin.
    """
    # The address is taken first: a port in use must be known before a store is made.
    server = Server(app, host or config.server.host, config.server.port if port is None else port)
    try:
        windsock.start(app)
        trust_proxies(app, config)
        stop = _signals()
        server.start()
        click.echo(f"Windsock is live at {server.url} (Ctrl-C stops it)")
        stop.wait()
    finally:
        server.stop()
        windsock.stop(app)
    click.echo("Stopped.")


def _signals() -> threading.Event:
    stop = threading.Event()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return stop
