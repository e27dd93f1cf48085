"""`windsock history`."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import click

from windsock.cli.api import Api, ApiError
from windsock.cli.options import connect, server_options
from windsock.cli.table import plain, table

PAGE = 1000
"""The most changes that a server gives in one answer."""
USUAL = 20
_HEAD = ("version", "at", "state", "cause", "data")
_LARGEST = 2**63 - 1
# What a formula begins with, also in full width; of tabs and line breaks before it some spreadsheets take no notice.
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)

Change = Mapping[str, Any]


class Since(NamedTuple):
    """After which version; of which epoch, if that was said."""

    version: int
    epoch: str | None = None


def _read_since(_context: click.Context, _option: click.Parameter, value: str | None) -> Since | None:
    if value is None:
        return None
    epoch, _, version = value.rpartition(":")
    if not (version.isascii() and version.isdigit() and int(version[:20]) <= _LARGEST):
        raise click.BadParameter(f"{value!r} is not a version, such as 41, or a position, such as 5f0c:41")
    return Since(int(version), epoch or None)


@click.command()
@click.argument("thing")
@click.option("--limit", type=click.IntRange(1), help=f"How many changes. Default: {USUAL}, or all after --since.")
@click.option(
    "--since",
    callback=_read_since,
    metavar="[EPOCH:]VERSION",
    help="The changes after this version. With its epoch it is noticed if history began anew since.",
)
@click.option("--json", "form", flag_value="json", help="One JSON object a line, for programs.")
@click.option("--csv", "form", flag_value="csv", help="Comma-separated values, for spreadsheets.")
@server_options
def history(
    thing: str, limit: int | None, since: Since | None, form: str | None, url: str | None, key: str | None
) -> None:
    """List the newest changes of a THING, the last one below.

    Example: windsock history cloud --limit 5000 --csv
    """
    api = connect(url, key)
    changes = _since(api, thing, since, limit) if since else _newest(api, thing, limit or USUAL)
    if form == "json":
        for change in changes:
            click.echo(json.dumps(change))
    elif form == "csv":
        _write_csv(changes)
    else:
        _write_table(thing, list(changes), since)


def _newest(api: Api, thing: str, limit: int) -> Iterator[Change]:
    found = api.get("things", thing, "history", limit=min(limit, PAGE))
    changes: Sequence[Change] = found["changes"]
    if limit <= PAGE or found["complete"] or not changes:
        return iter(changes)
    return islice(_pages(api, thing, found["epoch"], max(changes[-1]["version"] - limit, 0)), limit)


def _since(api: Api, thing: str, since: Since, limit: int | None) -> Iterator[Change]:
    epoch, newest = _position(api, thing)
    first = since.version
    if since.epoch not in (None, epoch):
        click.echo(f"windsock: the history of {thing} began anew since then; this is all of it ({epoch})", err=True)
        first = 0
    elif first > newest:
        raise ApiError(f"{thing} has no version {first} yet: the newest is {newest}")
    return islice(_telling_gaps(thing, first, _pages(api, thing, epoch, first)), limit)


def _telling_gaps(thing: str, since: int, changes: Iterator[Change]) -> Iterator[Change]:
    """The changes; whoever reads them is told, beside them, of versions that are not kept any more."""
    for change in changes:
        _tell_gap(thing, since + 1, change["version"] - 1)
        since = change["version"]
        yield change


def _tell_gap(thing: str, first: int, last: int) -> None:
    if first <= last:
        what = f"version {first} of {thing} is" if first == last else f"versions {first} to {last} of {thing} are"
        click.echo(f"windsock: {what} not kept any more", err=True)


def _pages(api: Api, thing: str, epoch: str, since: int) -> Iterator[Change]:
    """All changes after a version, page by page. Raises ApiError if the history begins anew meanwhile."""
    while True:
        found = api.get("things", thing, "history", epoch=epoch, since=since, limit=PAGE)
        if found["epoch"] != epoch:
            raise ApiError(f"the history of {thing} has begun anew meanwhile")
        yield from found["changes"]
        if found["complete"] or not found["changes"]:
            return
        since = found["changes"][-1]["version"]


def _position(api: Api, thing: str) -> tuple[str, int]:
    state = api.get("things", thing)
    return state["epoch"], state["version"]


def _write_table(thing: str, changes: Sequence[Change], since: Since | None) -> None:
    if changes:
        click.echo(table(_HEAD, map(_row, changes)))
    elif since and since.version:
        click.echo(f"Nothing has changed since version {since.version} of {thing}.")
    else:
        click.echo(f"Nothing is known of {thing} yet.")


def _row(change: Change) -> tuple[str, ...]:
    cause = "" if change["cause"] == "reported" else change["cause"]
    return str(change["version"]), change["at"], change["state"], cause, _data(change["data"])


def _write_csv(changes: Iterator[Change]) -> None:
    # A file gets all but formulas as it is; a terminal would obey more.
    shown = plain if sys.stdout.isatty() else str
    writer = csv.writer(_Echo())
    writer.writerow(_HEAD)
    for change in changes:
        cells = (change["version"], change["at"], change["state"], change["cause"], _data(change["data"]))
        writer.writerow([harmless(shown(str(cell))) for cell in cells])


class _Echo:
    """The output as a file: what it cannot encode is written as the other forms' is."""

    def write(self, text: str) -> None:
        click.echo(text, nl=False)


def harmless(cell: str) -> str:
    """The cell behind an apostrophe if a spreadsheet would run it as a formula; a number it only reads."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell


def _data(data: object) -> str:
    return json.dumps(data, ensure_ascii=False) if data else ""
