"""`windsock send`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from windsock.cli.options import connect, server_options


@click.command()
@click.argument("thing")
@click.argument("state")
@click.option("--data", "pairs", multiple=True, metavar="KEY=VALUE", help="Data; may be given several times.")
@server_options
def send(thing: str, state: str, pairs: Sequence[str], url: str | None, key: str | None) -> None:
    """Report the STATE of a THING to a running server.

    Example: windsock send cloud HUGGING --data force=3
    """
    body = {"state": state, "data": dict(map(_pair, pairs))}
    answer = connect(url, key).send("PUT", "things", thing, "state", body=body)
    click.echo(f"{answer['result']}: {thing} is {state} (version {answer['version']})")


def _pair(text: str) -> tuple[str, Any]:
    """A key and its value: JSON if it is that (3, true, [1, 2]), else text."""
    key, found, value = text.partition("=")
    if not found or not key:
        raise click.BadParameter(f"found {text!r}, expected KEY=VALUE such as force=3", param_hint="--data")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value
