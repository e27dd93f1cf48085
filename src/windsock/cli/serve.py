"""`windsock serve`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from windsock.cli.options import address_options, config_option
from windsock.cli.serving import serve_app
from windsock.config import load
from windsock.web.standalone import create_app


@click.command()
@config_option
@address_options
def serve(config: Path, host: str | None, port: int | None) -> None:
    """Watch the things of a windsock.toml and serve their pages.

    Example: windsock serve --config cloud.toml --port 8080
    """
    loaded = load(config, os.environ)
    app, _ = create_app(loaded)
    serve_app(app, loaded, host, port)
