"""`windsock rejected`: messages that could not be understood, and were set aside."""

from __future__ import annotations

import click

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
    ctx.obj = connect(url, key)
    if ctx.invoked_subcommand is None:
        _list(ctx)


def _list(ctx: click.Context) -> None:
    messages = ctx.obj.get("rejected")["rejected"]
    if not messages:
        click.echo("No message was set aside.")
        return
    rows = [(str(m["number"]), m["at"], m["source"], _short(m["body"]), m["reason"]) for m in messages]
    click.echo(table(("number", "at", "source", "body", "reason"), rows))


@rejected.command()
@click.argument("number", type=int)
@click.pass_context
def show(ctx: click.Context, number: int) -> None:
    """Show one message, whole.

    Example: windsock rejected show 3
    """
    message = ctx.obj.get("rejected", str(number))
    for field in ("number", "at", "source", "id", "reason", "size"):
        click.echo(f"{field + ':':9}{plain(str(message[field]))}")
    click.echo()
    click.echo("\n".join(map(plain, message["body"].splitlines())))


@rejected.command()
@click.argument("number", type=int)
@click.pass_context
def retry(ctx: click.Context, number: int) -> None:
    """Read one message again, by the configuration of today.

    Example: windsock rejected retry 3
    """
    answer = ctx.obj.send("POST", "rejected", str(number), "retry")
    note = " (it was no news, or something newer was heard since)" if answer["result"] == "same" else ""
    click.echo(f"{answer['result']}: version {answer['version']}{note}")


@rejected.command()
@click.argument("number", type=int)
@click.pass_context
def drop(ctx: click.Context, number: int) -> None:
    """Forget one message.

    Example: windsock rejected drop 3
    """
    ctx.obj.send("DELETE", "rejected", str(number))
    click.echo(f"Message {number} is forgotten.")


def _short(body: str) -> str:
    return body if len(body) <= _SHOWN else body[: _SHOWN - 1] + "…"
