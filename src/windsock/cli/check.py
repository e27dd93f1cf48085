"""`windsock check`."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from windsock import condition
from windsock.cli.options import address_options, config_option
from windsock.config import Config, load
from windsock.engine import Tls
from windsock.errors import ConfigError, StoreInUse
from windsock.sources import create_source
from windsock.store import open_store
from windsock.web.hosting import tls_of
from windsock.web.serving import listen
from windsock.web.standalone import TEMPLATES, check_templates


@click.command()
@config_option
@address_options
def check(config: Path, host: str | None, port: int | None) -> None:
    """Try the configuration, the sources, the store, templates and the certificate, and say what to mend.

    Nothing is taken from a queue.

    With --host or --port, that address is tried too.

    Example: windsock check --config cloud.toml
    """
    loaded = load(config, os.environ)
    things = len(loaded.things)
    click.echo(f"ok    {config}: {things} {'thing' if things == 1 else 'things'}")
    keys: dict[str, str] = {}
    for thing, spec in loaded.things.items():
        keys.setdefault(spec.source, f"{config}: things.{thing}.source: ")
    results = [_try(url, key, partial(_check_source, url, loaded)) for url, key in keys.items()]
    results.append(_try(loaded.store.url, f"{config}: ", partial(_check_store, loaded)))
    if tls := tls_of(loaded.server):
        results.append(_try(str(tls.certificate), f"{config}: server.certificate: ", partial(_check_certificate, tls)))
    if (loaded.base / TEMPLATES).is_dir():
        results.append(_try(TEMPLATES, f"{loaded.base}/", partial(_check_templates, loaded)))
    if host is not None or port is not None:
        address = (host or loaded.server.host, loaded.server.port if port is None else port)
        results.append(_try(f"port {address[1]}", "", partial(_check_address, *address)))
    if not all(results):
        raise SystemExit(1)


def _try(name: str, where: str, attempt: Callable[[], str]) -> bool:
    try:
        click.echo(f"ok    {name}: {attempt()}")
    except ConfigError as error:
        # Said by its place, not its name: a URL that cannot be may hold a password.
        click.echo("\n".join(f"FAIL  {where}{problem}" for problem in error.problems))
        return False
    except (Exception, SystemExit) as error:  # noqa: BLE001  # a source of the user's own code may raise anything
        click.echo(f"FAIL  {name}: {condition.reason(error, name)}")
        return False
    return True


def _check_address(host: str, port: int) -> str:
    listen(host, port).close()
    return "can be listened at"


def _check_certificate(tls: Tls) -> str:
    tls.check()
    return "can be used"


def _check_templates(config: Config) -> str:
    found = check_templates(config)
    return f"{found} of your own, which can be used"


def _check_source(url: str, config: Config) -> str:
    source = create_source(url, config.base)
    try:
        source.check()
    finally:
        source.close()
    return condition.CAN_BE_READ


def _check_store(config: Config) -> str:
    path = config.base / config.store.url.removeprefix("sqlite:///")
    if config.store.url.startswith("sqlite:///") and not path.exists() and os.access(path.parent, os.W_OK):
        return "will be made at the first start"
    try:
        store = open_store(config.store.url, config.base)
    except StoreInUse as error:
        return f"in use by a running Windsock ({error})"
    try:
        store.check()
    finally:
        store.close()
    return condition.CAN_BE_WRITTEN
