"""What every command says of itself with ``--help``."""

from __future__ import annotations

from collections.abc import Iterator

import click

from windsock.cli import main

WIDTH = 92


def markdown() -> str:
    """A heading and the help of each command, as a terminal shows it."""
    return "\n".join(f"## `{name}`\n\n```text\n{text}\n```\n" for name, text in helps(main, None, "windsock"))


def helps(command: click.Command, above: click.Context | None, name: str) -> Iterator[tuple[str, str]]:
    """The command's name and help, and those of the commands below it."""
    context = command.make_context(
        name, [], above, resilient_parsing=True, max_content_width=WIDTH, terminal_width=WIDTH
    )
    yield context.command_path, command.get_help(context)
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        yield from helps(inner, context, str(inner.name))
