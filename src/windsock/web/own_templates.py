"""Whether the templates that somebody wrote for a configuration can be used: for `windsock check` and `serve`."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from flask import Flask, template_rendered
from jinja2 import Environment, FileSystemLoader, TemplateNotFound, TemplateSyntaxError, meta, nodes

from windsock import condition
from windsock.config import Config
from windsock.errors import ConfigError, StoreError
from windsock.web.pages import unavailable
from windsock.web.refused import refused
from windsock.web.standalone import TEMPLATES, create_app

LOOKED_AT = 5
"""With how many things pages are made, the first ones; they differ in what a template may ask for."""
NO_THING, BROKEN, LIVE = "/things/-", "/-/broken", "/-/live"
"""Where there is no thing; and, on trial only, the page that can show nothing, and what `windsock.live` writes."""
EXPECTED = {NO_THING: 404, BROKEN: 503}
"""The status with which these are answered; all others with 200."""


def check_templates(config: Config) -> int:
    """How many templates are in the folder for them. Raises ConfigError, with a line for each that cannot be used.

    First each is read; then pages are made, of things of which nothing is known, and once more when they have a state,
    without data.
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
        for other in _needed(environment.parse(text)):
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


def _needed(template: nodes.Template) -> Iterator[str | None]:
    """The templates that one cannot do without; None: the name is made when the page is."""
    for include in template.find_all(nodes.Include):
        if include.ignore_missing or not isinstance(include.template, nodes.Const):
            include.template = nodes.Tuple([], "load")
    yield from meta.find_referenced_templates(template)


def _faults(config: Config, folder: Path) -> Iterator[str]:
    """What goes wrong when pages are made. The things are there by name alone: no source is read, no store opened."""
    things = {name: replace(spec, source="inbox:") for name, spec in config.things.items()}
    store = config.store.model_copy(update={"url": "memory:"})
    server = config.server.model_copy(update={"publisher_key": None})  # so that pages say what goes wrong
    app, windsock = create_app(replace(config, server=server, store=store, things=things))
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.add_url_rule(BROKEN, "broken", lambda: unavailable(StoreError("the disk is full")))
    app.add_url_rule(LIVE, "live", lambda: windsock.live(next(iter(things))))
    described = [windsock.thing(name) for name in things]
    windsock.start()
    try:
        yield from _faults_of(app, [*things], folder)
        for thing, spec in zip(described, things.values(), strict=True):
            thing.report(next(iter(spec.accepted), "STATE"))
        yield from _faults_of(app, [*things], folder)
    finally:
        windsock.stop()


def _faults_of(app: Flask, things: Sequence[str], folder: Path) -> Iterator[str]:
    """Those of all pages, each once: the next page that has it says nothing new."""
    said: set[str] = set()
    of_things = [f"/things/{name}{rest}" for name in things[:LOOKED_AT] for rest in ("", "/embed")]
    for path in ["/", "/?kiosk", *of_things, *([LIVE] if things else []), NO_THING, BROKEN, "/operator", "/api"]:
        for what, words in _faults_at(app, path, folder):
            if what not in said:
                yield words
            said.add(what)


def _faults_at(app: Flask, path: str, folder: Path) -> Iterator[tuple[str, str]]:
    """What is wrong on a page: what is the same wherever it is met, and the same in words."""
    page = f"{TEMPLATES}: the page {path.partition('?')[0]} "
    reasons: list[object] = []

    def note(_app: Flask, context: Mapping[str, object], **_: object) -> None:
        reasons.append(context.get("reason"))

    try:
        with template_rendered.connected_to(note, app):
            answer = app.test_client().get(path)
    except Exception as error:  # noqa: BLE001  # whatever a template runs into
        words = f"{_place(error, folder)}: {condition.reason(error, '')}"
        yield words, words
        return
    if answer.status_code != EXPECTED.get(path, 200):
        # An error of Windsock's own, such as of a thing that there is not: it was answered with a page that says so.
        reason = f"cannot be shown: {next(filter(None, reasons), answer.status)}"
        yield reason, f"{page}{reason}"
    for what in refused(answer.text, answer.headers.get("Content-Security-Policy", "")):
        yield what, f"{page}{what}"


def _place(error: Exception, folder: Path) -> str:
    """The line of a template of somebody's own in which it came to an error."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(folder)
    ]
    if not frames:
        return TEMPLATES
    return f"{TEMPLATES}/{Path(frames[-1].filename).relative_to(folder)}, line {frames[-1].lineno}"
