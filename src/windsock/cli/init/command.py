"""`windsock init`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import click

from windsock.cli.init.answers import (
    Answers,
    read_silence,
    read_source,
    read_states,
    read_thing,
    read_title,
    usual_silence,
    usual_states,
    usual_title,
)
from windsock.cli.init.asking import ask
from windsock.cli.init.closing import closing
from windsock.cli.init.files import planned, write
from windsock.cli.options import address_options, config_option
from windsock.config.model import ServerTable
from windsock.errors import WindsockError

T = TypeVar("T")


class _NotWritten(WindsockError):
    """Nothing could be written, or nothing may be."""


@click.command()
@config_option
@address_options
@click.option("--thing", help="The thing's name in addresses.")
@click.option("--title", help="What people call it.")
@click.option("--states", help="The states that it can have, with commas between.")
@click.option("--source", help="Where its readings come from: inbox, azure, python, or a source's whole address.")
@click.option("--offline-after", help="How long it may be silent before it is not live, such as 5m; or never.")
@click.option("--yes", is_flag=True, help="Ask nothing: what is not said is as it would be offered.")
def init(config: Path, host: str | None, port: int | None, yes: bool, **said: str | None) -> None:
    """Write a windsock.toml to start from, with pictures and a page to own.

    At a terminal it asks what there is to show. With --yes, or if anything is said of the thing, it asks nothing.
    A file that is there already is left as it is.

    Example: windsock init --thing door --states OPEN,SHUT
    """
    _refuse_if_there(config)
    usual = ServerTable()
    address = (_host(host) or usual.host, usual.port if port is None else port)
    asks = not yes and not any(text is not None for text in said.values()) and _at_a_terminal()
    answers = ask(*address) if asks else _answers(said, *address)
    _write_all(answers, config)
    click.echo(f"\n{closing(answers, config)}")


def _refuse_if_there(config: Path) -> None:
    if os.path.lexists(config):
        raise _NotWritten(
            f"{config} is there already; nothing was written.\n"
            "`windsock check` and `windsock serve` go on with it.\n"
            "To add a thing, write another [things.NAME] into it; to start another one, name it: --config other.toml"
        )


def _at_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _host(host: str | None) -> str | None:
    return None if host is None else _read("--host", read_title, host)


def _answers(said: Mapping[str, str | None], host: str, port: int) -> Answers:
    """What the options say, and for the rest what would be offered."""

    def read(name: str, usual: str, reader: Callable[[str], T]) -> T:
        text = said[name]
        return _read(f"--{name.replace('_', '-')}", reader, usual if text is None else text)

    thing = read("thing", "door", read_thing)
    title = read("title", usual_title(thing), read_title)
    states = read("states", usual_states(thing), read_states)
    source = read("source", "inbox", lambda text: read_source(text, thing))
    silence = read("offline_after", usual_silence(source), read_silence)
    return Answers(thing, title, states, source, silence, host, port)


def _read(option: str, reader: Callable[[str], T], text: str) -> T:
    try:
        return reader(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from None


def _write_all(answers: Answers, config: Path) -> None:
    try:
        for path, text in planned(answers, config.name).items():
            written = write(config.parent, path, text)
            click.echo(f"{'wrote' if written else 'left '}  {config.parent / path}{'' if written else ' (is there)'}")
    except OSError as error:
        raise _NotWritten(f"{error.filename or config}: cannot be written: {error.strerror}") from None
