"""`windsock demo`."""

from __future__ import annotations

import click

from windsock.cli.options import address_options
from windsock.cli.run import run
from windsock.config import load
from windsock.demo import CONFIG, Pillow
from windsock.web.standalone import create_app


@click.command()
@address_options
def demo(host: str | None, port: int | None) -> None:
    """Show the huggable cloud, with a simulated pillow.

    Example: windsock demo --port 5001
    """
    config = load(CONFIG, {})
    app, windsock = create_app(config)
    windsock.thing("cloud").watch(every="250ms")(Pillow().read)
    run(app, windsock, config, host, port)
