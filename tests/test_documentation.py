"""Nothing that people can say to Windsock, or that it says to programs, is undocumented."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import pytest
from flask import Flask
from pydantic import BaseModel

from tests.builders import anything, at, unknown
from windsock import Windsock, wire
from windsock.cli import main
from windsock.config.model import File
from windsock.config.override import KEYS
from windsock.model import Cause, Change

ROOT = Path(__file__).parents[1]
REFERENCE = {path.stem: path.read_text() for path in (ROOT / "docs" / "reference").glob("*.md")}
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "examples").rglob("*.md"),
]


def keys(table: type[BaseModel]) -> Iterator[str]:
    """The names of all keys that a configuration may have, wherever they stand."""
    for name, field in table.model_fields.items():
        nested = [part for part in (field.annotation, *get_args(field.annotation)) if isinstance(part, type)]
        tables = [part for part in nested if issubclass(part, BaseModel)]
        yield from (key for inner in tables for key in keys(inner))
        if not tables:
            yield name


def verbs(group: click.Group, above: str = "windsock") -> Iterator[str]:
    """Every verb of the command line, as it is typed."""
    for name, command in group.commands.items():
        yield f"{above} {name}"
        if isinstance(command, click.Group):
            yield from verbs(command, f"{above} {name}")


def options(command: click.Command) -> Iterator[str]:
    """Every option, wherever it may stand."""
    yield from (name for param in command.params for name in param.opts if name.startswith("--"))
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        yield from options(inner)


def routes() -> Iterator[str]:
    """The rules of REST, without the types of their parameters."""
    app = Flask("documented")
    Windsock(app)
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("windsock.") and not rule.endpoint.endswith(("static", "image", "page", "index")):
            yield re.sub(r"<\w+:", "<", rule.rule.removeprefix("/windsock"))


def messages() -> Iterator[str]:
    """The fields of every message on the wire."""
    state = unknown("door")
    change = Change("door", 1, "OPEN", {}, at(0), "reported")
    yield from wire.state_message(anything("door"), state, None, at(0))
    yield from wire.heard_message(state, at(0))
    yield from wire.history_message("epoch", [change], True)
    yield from wire.change_message(change)


@pytest.mark.parametrize("key", sorted({*keys(File), *KEYS}))
def test_every_setting_is_documented(key: str) -> None:
    assert f"`{key}`" in REFERENCE["configuration"]


@pytest.mark.parametrize("verb", sorted(verbs(main)))
def test_every_verb_is_documented(verb: str) -> None:
    assert f"`{verb}" in REFERENCE["cli"]


@pytest.mark.parametrize("option", sorted(set(options(main))))
def test_every_option_is_documented(option: str) -> None:
    assert option in REFERENCE["cli"]


@pytest.mark.parametrize("route", sorted(set(routes())))
def test_every_route_is_documented(route: str) -> None:
    assert route in REFERENCE["rest"]


@pytest.mark.parametrize("name", sorted({*messages(), *get_args(Cause)}))
def test_every_field_of_the_wire_is_documented(name: str) -> None:
    assert name in REFERENCE["wire"]


@pytest.mark.parametrize("event", ["state", "heard", "viewers", "watch", "unwatch", "history", "report"])
def test_every_event_is_documented(event: str) -> None:
    assert f"`{event}` `" in REFERENCE["wire"] or f"`{event}` comes" in REFERENCE["wire"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_the_documentation_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    local = [link for link in links if not link.startswith(("http:", "https:"))]
    assert [] == [link for link in local if not (page.parent / link).exists()]


def test_every_test_that_the_explanation_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py|bench/[\w/]+\.py)`", (ROOT / "docs" / "explanation.md").read_text())
    assert [] == [path for path in named if not (ROOT / path).exists()]
