"""`windsock demo`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from windsock.cli.options import address_options
from windsock.cli.serving import serve_app
from windsock.config import load
from windsock.demo import CONFIG, Pillow
from windsock.times import utc_now
from windsock.web.standalone import create_app

_HINT = (
    "The pillow is simulated, and so are its last twenty minutes.\n"
    "To play with the cloud yourself: windsock send cloud HUGGING --url"
)


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A windsock.toml to take [server] and [limits] from.",
)
@address_options
def demo(config: Path | None, host: str | None, port: int | None) -> None:
    """Show the huggable cloud, with a simulated pillow.

    Example: windsock demo --port 5001
    """
    shown = load(CONFIG, {})
    if config is not None:
        named = load(config, os.environ)
        shown = replace(shown, server=named.server, limits=named.limits)
    app, windsock = create_app(shown)
    cloud = windsock.thing("cloud")
    pillow = Pillow().playing(lambda reading: cloud.report(reading.state, reading.data, reading.at), utc_now())
    serve_app(app, shown, host, port, pillow, _HINT)
