"""`windsock check`."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path

import click

from windsock import condition, decode
from windsock.cli.options import address_options, config_option
from windsock.cli.table import plain
from windsock.config import Config, load
from windsock.engine import Tls
from windsock.errors import ConfigError, SourceError
from windsock.model import Reading, ThingSpec
from windsock.sources import FunctionSource, create_source, name_once
from windsock.store.check import check_store
from windsock.supervisor import FIRST_ANSWER_WITHIN
from windsock.web.hosting import tls_of
from windsock.web.own_templates import check_templates
from windsock.web.serving import listen
from windsock.web.standalone import TEMPLATES


@click.command()
@config_option
@address_options
def check(config: Path, host: str | None, port: int | None) -> None:
    """Try the configuration, the sources, the store, templates and the certificate, and say what to mend.

    Nothing is taken from a queue. A function is called once, and what it says is not recorded.

    With --host or --port, that address is tried too.

    Example: windsock check --config cloud.toml
    """
    loaded = load(config, os.environ)
    things = len(loaded.things)
    click.echo(f"ok    {config}: {things} {'thing' if things == 1 else 'things'}")
    keys: dict[str, str] = {}
    names: dict[str, str] = {}
    for thing, spec in loaded.things.items():
        keys.setdefault(spec.source, f"{config}: things.{thing}.source: ")
    results = [
        _try(condition.without_secrets(url), key, partial(_check_source, url, loaded, names))
        for url, key in keys.items()
    ]
    store = condition.without_secrets(loaded.store.url)
    results.append(_try(store, f"{config}: ", partial(_check_store, loaded)))
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
        click.echo(plain(f"ok    {condition.line(name, attempt())}"))
    except ConfigError as error:
        # Said by its place, not its name: a URL that cannot be may hold a password.
        click.echo("\n".join(plain(f"FAIL  {where}{problem}") for problem in error.problems))
        return False
    except (Exception, SystemExit) as error:  # noqa: BLE001  # a source of the user's own code may raise anything
        click.echo(plain(f"FAIL  {condition.line(name, condition.reason(error, name))}"))
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


def _check_source(url: str, config: Config, names: dict[str, str]) -> str:
    source = create_source(url, config.base)
    specs = {name: spec for name, spec in config.things.items() if spec.source == url}
    try:
        name_once(source, url, names)
        if isinstance(source, FunctionSource):
            _in_time(source.name, partial(_call, source, specs))
        else:
            source.check()
    finally:
        source.close()
    return condition.of_source("ok", None)


def _call(source: FunctionSource, specs: Mapping[str, ThingSpec]) -> None:
    """The first look of a watcher; what the function says is dropped. Raises what it raises, and as a watcher does."""
    source.open()
    for message in source.receive(lambda _: False, 0.0):
        assert isinstance(message.body, Reading), "a function gives readings"
        decode.check(message.body, specs)


def _in_time(name: str, attempt: Callable[[], None]) -> None:
    """Attempt something that may hang, as the operator's page would call it then. Raises SourceError."""
    outcome: list[BaseException] = []

    def run() -> None:
        try:
            attempt()
        except BaseException as error:  # noqa: BLE001  # a user's function may even raise SystemExit
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    with redirect_stdout(sys.stderr):  # what a function prints is none of what is said here
        thread.start()
        thread.join(FIRST_ANSWER_WITHIN)
    if thread.is_alive():
        raise SourceError(condition.hangs(FIRST_ANSWER_WITHIN))
    for error in outcome:
        raise SourceError(condition.reason(error, name))


def _check_store(config: Config) -> str:
    holder = check_store(config.store.url, config.base)
    words = condition.of_store(None)
    if holder is None:
        return f"{words}, and is made at the first start"
    return f"{words}, as a running Windsock does: {holder}" if holder else words
