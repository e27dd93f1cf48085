"""`windsock rejected`: messages that could not be understood, and were set aside."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

import click

from windsock.cli.api import Api
from windsock.cli.options import connect, server_options
from windsock.cli.table import plain, table

_SHOWN = 40  # characters of a body in the list


@click.group(invoke_without_command=True)
@server_options
@click.pass_context
def rejected(ctx: click.Context, url: str | None, key: str | None) -> None:
    """List the messages that were set aside; look at one, retry it, drop it.

    Example: windsock rejected show 3
    """
    ctx.obj = (url, key)
    if ctx.invoked_subcommand is None:
        _list(connect(url, key))


def _list(api: Api) -> None:
    messages = api.get("rejected")["rejected"]
    if not messages:
        click.echo("No message was set aside.")
        return
    rows = [(str(m["number"]), m["at"], m["source"], _short(m["body"]), m["reason"]) for m in messages]
    click.echo(table(("number", "at", "source", "body", "reason"), rows))


def _with_server(verb: Callable[..., None]) -> Callable[..., None]:
    """Gives a verb its server, whose options may stand before it or behind it; those behind it win."""

    @partial(server_options, environment=False)  # the group has looked there
    @click.pass_context
    def with_server(ctx: click.Context, /, url: str | None, key: str | None, **arguments: Any) -> None:
        group_url, group_key = ctx.obj
        verb(connect(url or group_url, key or group_key), **arguments)

    return update_wrapper(with_server, verb)


@rejected.command()
@click.argument("number", type=int)
@_with_server
def show(api: Api, number: int) -> None:
    """Show one message, whole.

    Example: windsock rejected show 3
    """
    message = api.get("rejected", str(number))
    for field in ("number", "at", "source", "id", "reason", "size"):
        click.echo(f"{field + ':':9}{plain(str(message[field]))}")
    click.echo()
    click.echo("\n".join(map(plain, message["body"].splitlines())))


@rejected.command()
@click.argument("number", type=int)
@_with_server
def retry(api: Api, number: int) -> None:
    """Read one message again, by the configuration of today.

    Example: windsock rejected retry 3
    """
    answer = api.send("POST", "rejected", str(number), "retry")
    note = " (it was no news, or something newer was heard since)" if answer["result"] == "same" else ""
    click.echo(f"{answer['result']}: version {answer['version']}{note}")


@rejected.command()
@click.argument("number", type=int)
@_with_server
def drop(api: Api, number: int) -> None:
    """Forget one message.

    Example: windsock rejected drop 3
    """
    api.send("DELETE", "rejected", str(number))
    click.echo(f"Message {number} is forgotten.")


def _short(body: str) -> str:
    return body if len(body) <= _SHOWN else body[: _SHOWN - 1] + "…"
