"""Whether the templates that somebody wrote for a configuration can be used: for `windsock check` and `serve`."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from flask import Flask
from jinja2 import Environment, FileSystemLoader, TemplateNotFound, TemplateSyntaxError, meta

from windsock.config import Config
from windsock.errors import ConfigError
from windsock.web.standalone import TEMPLATES, create_app

LOOKED_AT = 5
"""With how many things pages are made, the first ones; they differ in what a template may ask for."""
_DATA_BLOCKS = {"application/json", "application/ld+json", "importmap", "speculationrules", "text/template"}


def check_templates(config: Config) -> int:
    """How many templates are in the folder for them. Raises ConfigError, with a line for each that cannot be used.

    First each is read; then pages are made, of things of which nothing is known, and once more when they have a state.
    """
    folder = config.base / TEMPLATES
    app, _ = create_app(config)
    names = [name for name in FileSystemLoader(folder).list_templates() if name.endswith(".html")]
    found = [problem for name in names for problem in _mistakes(app.jinja_env, name)]
    if names and not found:
        found = list(dict.fromkeys(_faults(config, folder)))
    if found:
        raise ConfigError(found)
    return len(names)


def _mistakes(environment: Environment, name: str) -> Iterator[str]:
    """What is wrong with a template wherever it is used."""
    assert environment.loader is not None, "Flask's environment has one"
    try:
        text = environment.loader.get_source(environment, name)[0]
        environment.compile(text, name)
        for other in meta.find_referenced_templates(environment.parse(text)):
            if other == name:
                yield f"{TEMPLATES}/{name}: it builds on itself; Windsock's own is {name.replace('/', '/built-in/', 1)}"
            elif other is not None:  # one whose name is only known when the page is made
                environment.get_template(other)
    except TemplateSyntaxError as error:
        yield f"{TEMPLATES}/{error.name or name}, line {error.lineno}: {error.message}"
    except TemplateNotFound as error:
        yield f"{TEMPLATES}/{name}: there is no template {error.name}"
    except UnicodeDecodeError:
        yield f"{TEMPLATES}/{name}: it is not UTF-8"
    except OSError as error:
        yield f"{TEMPLATES}/{name}: it cannot be read: {error.strerror}"


def _faults(config: Config, folder: Path) -> Iterator[str]:
    """What goes wrong when pages are made. The things are there by name alone: no source is read, no store opened."""
    things = {name: replace(spec, source="inbox:") for name, spec in [*config.things.items()][:LOOKED_AT]}
    app, windsock = create_app(replace(config, store=config.store.model_copy(update={"url": "memory:"}), things=things))
    app.config["PROPAGATE_EXCEPTIONS"] = True
    reported = [(windsock.thing(name), next(iter(spec.accepted), "STATE")) for name, spec in things.items()]
    windsock.start()
    try:
        of_things = [f"/things/{name}{rest}" for name in things for rest in ("", "/embed")]
        for path in ["/", "/?kiosk", *of_things, "/things/-", "/operator", "/api"]:
            yield from _faults_of(app, path, folder)
        for thing, state in reported:
            thing.report(state)
        for path in ["/", *of_things]:
            yield from _faults_of(app, path, folder)
    finally:
        windsock.stop()


def _faults_of(app: Flask, path: str, folder: Path) -> Iterator[str]:
    try:
        page = app.test_client().get(path).text
    except Exception as error:  # noqa: BLE001  # whatever a template runs into
        yield f"{_place(error, folder)}: {type(error).__name__}: {error}"
    else:
        yield from (f"{TEMPLATES}: the page {path} {what}" for what in _refused(page))


def _place(error: Exception, folder: Path) -> str:
    """The line of a template of somebody's own in which it came to an error."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(folder)
    ]
    if not frames:
        return TEMPLATES
    return f"{TEMPLATES}/{Path(frames[-1].filename).relative_to(folder)}, line {frames[-1].lineno}"


def _refused(page: str) -> list[str]:
    """What a page has that its Content-Security-Policy lets no browser run, and what to do instead."""
    finder = _Finder()
    finder.feed(page)
    return finder.found


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script" and "src" not in given and given.get("type") not in _DATA_BLOCKS:
            self.found.append(
                "has an inline script, which no browser will run: put it into a file, and name that in src"
            )
        if tag == "style" and not given.get("nonce"):
            self.found.append('has a style without nonce="{{ nonce }}", which no browser will use')
        for name in given:
            if name.startswith("on") and tag != "template":
                self.found.append(f"has {name} at a <{tag}>, which no browser will run: use addEventListener in a file")
            elif name == "style":
                self.found.append(f"has style at a <{tag}>, which no browser will use: use a class")
