"""`windsock run`."""

from __future__ import annotations

import os
from pathlib import Path

import click
from flask import Flask

from windsock.cli.options import DEFAULT_CONFIG, address_options
from windsock.cli.serving import serve_app
from windsock.config import Config, default_config, load
from windsock.web.carrier.load import load_app
from windsock.web.site import Site


@click.command()
@click.argument("application", metavar="MODULE:APP")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A windsock.toml to take [server] and [limits] from. Default: the application's, else that of this folder.",
)
@address_options
def run(application: str, config: Path | None, host: str | None, port: int | None) -> None:
    """Serve a Flask application, with its Flask-SocketIO handlers and its Windsock if it has them.

    MODULE:APP names the application, or a function that makes it: main:app, or main:create_app()

    Example: windsock run main:app --port 8080
    """
    app = load_app(application)
    serve_app(app, _config(app, config), host, port)


def _config(app: Flask, named: Path | None) -> Config:
    site = app.extensions.get("windsock")
    if named is not None:
        return load(named, os.environ)
    if isinstance(site, Site):
        return site.config
    return load(DEFAULT_CONFIG, os.environ) if DEFAULT_CONFIG.is_file() else default_config(Path())
