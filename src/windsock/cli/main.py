"""The command `windsock`, and what all its verbs share."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import click

from windsock.cli.table import plain
from windsock.errors import ConfigError, WindsockError
from windsock.interrupts import ended_by_ctrl_c

VERBS = ("check", "demo", "history", "init", "rejected", "run", "send", "serve", "watch")


class _Verbs(Mapping[str, click.Command]):
    """The verbs, each imported when it is asked for: one that sends a state does without what a server needs."""

    def __getitem__(self, name: str) -> click.Command:
        if name not in VERBS:
            raise KeyError(name)
        with ended_by_ctrl_c():
            command: click.Command = getattr(import_module(f"windsock.cli.{name}"), name)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)


class _Group(click.Group):
    def main(self, *args: Any, **kwargs: Any) -> Any:
        # States and paths may have any characters, a terminal or a pipe may not have all: those are escaped.
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            raise _WrongConfig(str(error)) from None
        except WindsockError as error:
            raise _Failure(str(error)) from None


class _Failure(click.ClickException):
    """An error for the person who typed the command; no traceback."""

    def show(self, file: Any = None) -> None:
        for line in self.message.splitlines():
            click.echo(f"windsock: {plain(line)}", file=file or sys.stderr)


class _WrongConfig(_Failure):
    exit_code = 2


@click.group(cls=_Group, commands=_Verbs(), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="windsock")
@click.option("-v", "--verbose", is_flag=True, help="Say more of what happens.")
def main(verbose: bool) -> None:
    """Show everyone, at a glance, the live state of a real thing."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # Its warnings are tracebacks of how it read an answer; what they lead to, the source says in one line.
    logging.getLogger("azure").setLevel(logging.ERROR)
    for noisy in ("urllib3", "werkzeug", "engineio", "socketio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # Its access log, and what strangers send that is no HTTP, are what `--verbose` is for.
    logging.getLogger("uvicorn").setLevel(logging.INFO if verbose else logging.ERROR)
