"""Which files `windsock init` writes, and how it writes them: never over one that is there."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from windsock.cli.init.answers import FUNCTION, Answers
from windsock.cli.init.configuration import configuration, label
from windsock.cli.init.palette import looks
from windsock.cli.init.pictures import draw, file_names, initials
from windsock.sources.url import split

PAGE = "templates/windsock/thing.html"
_PAGE_TEXT = """\
{# The page of a thing, yours to change. What is left out here stays as Windsock has it; without this file, all does.
   In a Flask application it is found in the application's templates folder, and works the same way. #}
{% extends "windsock/built-in/thing.html" %}

{# Your own style. The nonce lets it pass the page's Content-Security-Policy, which lets no other inline style pass.
   Colours of the page, light and dark: var(--text), var(--quiet), var(--surface), var(--line). #}
{% block head %}
  {{ super() }}
  <style nonce="{{ nonce }}">
    .about { max-width: 38rem; margin: 1.5rem auto 0; padding: 0 1rem; color: var(--quiet); text-align: center }
  </style>
{% endblock %}

{# What is on the page: first all that Windsock shows, then your own words. `thing` has thing (its name), title, state,
   label, data, changed_at and more, as they are when the page is opened; data-windsock keeps an element up to date. #}
{% block main %}
  {{ super() }}
  {#
  <section class="about">
    <p>What {{ thing.title }} is, and whom to ask about it.</p>
    <p>Its state is <b data-windsock="{{ thing.thing }}" data-windsock-show="state">{{ thing.state }}</b>.</p>
  </section>
  #}
{% endblock %}
"""
_FUNCTION_TEXT = '''\
"""Windsock asks the function below every so often: see `source` in the configuration."""

import random

STATES = {states}


def {function}():
    """The state now: its name, a windsock.Reading if there are data too, or None if there is nothing new."""
    return random.choice(STATES)  # in place of this: what your sensor, file or service says
'''


def planned(answers: Answers, config: str) -> dict[str, str]:
    """The path of each file, from the configuration's folder, and its text.

    The configuration comes last: as long as it is not there, what was broken off can be done again.
    """
    return {**dict(_pictures(answers)), PAGE: _PAGE_TEXT, **_module(answers), config: configuration(answers)}


def write(folder: Path, path: str, text: str) -> bool:
    """Write a file, with the folders above it; False, and nothing is done, if there is one already."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def _pictures(answers: Answers) -> Iterator[tuple[str, str]]:
    names, letters = file_names(answers.states), initials(answers.states)
    for state, (color, drawing) in looks(answers.states).items():
        yield f"images/{names[state]}", draw(label(state), color, drawing, letters[state])


def _module(answers: Answers) -> dict[str, str]:
    """A function to begin with, if there is to be one and no installed module has its name."""
    path = split(answers.source)[1]
    if answers.kind != "python" or not FUNCTION.fullmatch(path):
        return {}
    module, _, function = path.partition(":")
    if importlib.util.find_spec(module.partition(".")[0]):
        return {}
    states = json.dumps(answers.states, ensure_ascii=False)
    return {str(PurePosixPath(*module.split("."))) + ".py": _FUNCTION_TEXT.format(states=states, function=function)}
