"""`windsock serve`."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import click

from windsock.cli.options import address_options, config_option
from windsock.cli.serving import serve_app
from windsock.config import Config, load
from windsock.errors import ConfigError
from windsock.web.own_templates import check_templates
from windsock.web.standalone import TEMPLATES, create_app

log = logging.getLogger("windsock")


@click.command()
@config_option
@address_options
def serve(config: Path, host: str | None, port: int | None) -> None:
    """Watch the things of a windsock.toml and serve their pages.

    Example: windsock serve --config cloud.toml --port 8080
    """
    loaded = load(config, os.environ)
    app, _ = create_app(loaded)
    _try_templates(loaded)
    serve_app(app, loaded, host, port)


def _try_templates(config: Config) -> None:
    """Say which pages will fail. The others are served all the same, and a template can be mended meanwhile."""
    if (config.base / TEMPLATES).is_dir():
        try:
            check_templates(config)
        except ConfigError as error:
            for problem in error.problems:
                log.warning("%s/%s", config.base, problem)
