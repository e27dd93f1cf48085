"""Windsock as an application of its own: for `windsock serve` and `windsock demo`."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, Response
from flask import request as current_request
from jinja2 import Environment, FileSystemLoader, TemplateNotFound, TemplateSyntaxError, meta
from werkzeug.exceptions import HTTPException

from windsock.config import Config
from windsock.errors import ConfigError
from windsock.web import problems
from windsock.web.extension import Windsock
from windsock.web.proxies import TrustedProxies

TEMPLATES = "templates"
"""The folder beside the configuration in which templates are looked for first."""


def create_app(config: Config) -> tuple[Flask, Windsock]:
    """An application that serves a configuration at ``/``, and its Windsock; nothing is started."""
    # Windsock's blueprint has static files of its own, at the same place. Templates beside the file win over its own.
    templates = config.base / TEMPLATES
    app = Flask("windsock", static_folder=None, template_folder=str(templates))
    app.config.update(WINDSOCK_CONFIG=config, WINDSOCK_URL_PREFIX="")
    # Whoever changes a page wants to see it at the next look; where there is none to change, none is looked for.
    app.config["TEMPLATES_AUTO_RELOAD"] = templates.is_dir()
    windsock = Windsock(app)
    app.register_error_handler(HTTPException, _error)
    return app, windsock


def check_templates(config: Config) -> int:
    """How many templates are in the folder for them. Raises ConfigError, with a line for each that cannot be used."""
    folder = config.base / TEMPLATES
    app, _ = create_app(config)
    names = [name for name in FileSystemLoader(folder).list_templates() if name.endswith(".html")]
    found = [problem for name in names for problem in _problems(app.jinja_env, name)]
    if found:
        raise ConfigError(found)
    return len(names)


def _problems(environment: Environment, name: str) -> Iterator[str]:
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


def trust_proxies(app: Flask, config: Config) -> None:
    """Believe the forwarding headers of the configured proxies.

    To be called when everything else has wrapped the application: Socket.IO has to see the real viewer too.
    """
    if config.server.trusted_proxies:
        app.wsgi_app = TrustedProxies(app.wsgi_app, config.server.trusted_proxies)  # type: ignore[method-assign]


def _error(error: HTTPException) -> Response | HTTPException:
    """Programs get a problem document for an address that is none; people get Werkzeug's page."""
    return problems.from_http(error) if current_request.path.startswith("/api/") else error
