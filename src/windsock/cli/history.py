"""`windsock history`."""

from __future__ import annotations

import json

import click

from windsock.cli.options import connect, server_options
from windsock.cli.table import table


@click.command()
@click.argument("thing")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many changes.")
@server_options
def history(thing: str, limit: int, url: str | None, key: str | None) -> None:
    """List the newest changes of a THING, the last one below.

    Example: windsock history cloud --limit 50
    """
    found = connect(url, key).get("things", thing, "history", limit=limit)
    rows = [
        (str(c["version"]), c["at"], c["state"], "" if c["cause"] == "reported" else c["cause"], _data(c["data"]))
        for c in found["changes"]
    ]
    if not rows:
        click.echo(f"Nothing is known of {thing} yet.")
        return
    click.echo(table(("version", "at", "state", "cause", "data"), rows))


def _data(data: object) -> str:
    return json.dumps(data, ensure_ascii=False) if data else ""
