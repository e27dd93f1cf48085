"""The questions of `windsock init`, at a terminal. Enter takes what is offered; what cannot be meant is asked again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from windsock.cli.init.answers import (
    NEVER,
    Answers,
    read_silence,
    read_source,
    read_states,
    read_thing,
    read_title,
    usual_function,
    usual_queue,
    usual_silence,
    usual_states,
    usual_title,
)

T = TypeVar("T")

_GREETING = """\
Windsock shows the live state of things. A few questions about the first one; Enter takes what is in brackets.
"""
_KINDS = """\
Where do its readings come from?
  inbox   they are sent to Windsock: by `windsock send`, one HTTP request, or a page
  azure   an Azure Storage Queue
  python  a function in Python that Windsock asks
  or a source as the configuration names it, such as azure-queue://mlqueue"""


def ask(host: str, port: int) -> Answers:
    """Ask all that there is to know. Raises click.Abort at Ctrl-C and at the end of the input."""
    click.echo(_GREETING)
    thing = _ask("What is the thing called, in addresses?", "door", read_thing)
    title = _ask("What do people call it?", usual_title(thing), read_title)
    states = _ask("Which states can it have, with commas between?", usual_states(thing), read_states)
    click.echo(_KINDS)
    kind = _ask("Its source:", "inbox", lambda text: (text.strip(), read_source(text, thing)))
    source = _detail(thing, *kind)
    question = f"How long may it be silent before it is not live (30s, 5m, 2h, {NEVER})?"
    silence = _ask(question, usual_silence(source), read_silence)
    click.echo()
    return Answers(thing, title, states, source, silence, host, port)


def _detail(thing: str, kind: str, source: str) -> str:
    if kind == "azure":
        queue = lambda text: read_source(f"azure-queue://{text.strip()}", thing)  # noqa: E731
        return _ask("Which queue?", usual_queue(thing), queue)
    if kind == "python":
        function = lambda text: read_source(f"python:{text.strip()}?every=5s", thing)  # noqa: E731
        return _ask("Which function, as module:function?", usual_function(thing), function)
    return source


def _ask(question: str, offered: str, read: Callable[[str], T]) -> T:
    def read_or_ask_again(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise click.UsageError(str(error)) from None

    answer: T = click.prompt(question, default=offered, value_proc=read_or_ask_again, prompt_suffix=" ")
    return answer
