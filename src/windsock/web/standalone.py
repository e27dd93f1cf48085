"""Windsock as an application of its own: for `windsock serve` and `windsock demo`."""

from __future__ import annotations

from flask import Flask, Response
from flask import request as current_request
from werkzeug.exceptions import HTTPException, NotFound

from windsock.config import Config
from windsock.web import problems
from windsock.web.extension import Windsock
from windsock.web.proxies import TrustedProxies

TEMPLATES = "templates"
"""The folder beside the configuration in which templates are looked for first."""
FILES = "static"
"""The folder beside the configuration whose files are served, at ``/own/``, for those templates."""


def create_app(config: Config) -> tuple[Flask, Windsock]:
    """An application that serves a configuration at ``/``, and its Windsock; nothing is started."""
    # Windsock's blueprint has static files of its own, at `/static`. Templates beside the file win over its own.
    templates = config.base / TEMPLATES
    files = str(config.base / FILES) if (config.base / FILES).is_dir() else None
    app = Flask("windsock", static_folder=files, static_url_path="/own", template_folder=str(templates))
    app.config.update(WINDSOCK_CONFIG=config, WINDSOCK_URL_PREFIX="")
    # Whoever changes a page wants to see it at the next look; where there is none to change, none is looked for.
    app.config["TEMPLATES_AUTO_RELOAD"] = templates.is_dir()
    windsock = Windsock(app)
    app.register_error_handler(HTTPException, _error)
    app.before_request(_hide)
    app.after_request(_never_guess)
    return app, windsock


def _hide() -> None:
    """What begins with a dot in the folder of files is nobody's business: a `.env`, or a repository."""
    path = (current_request.view_args or {}).get("filename", "")
    if current_request.endpoint == "static" and any(part.startswith(".") for part in path.split("/")):
        raise NotFound


def _never_guess(response: Response) -> Response:
    """A file is what its name says, whatever is in it."""
    if current_request.endpoint == "static":
        response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def trust_proxies(app: Flask, config: Config) -> None:
    """Believe the forwarding headers of the configured proxies.

    To be called when everything else has wrapped the application: Socket.IO has to see the real viewer too.
    """
    if config.server.trusted_proxies:
        app.wsgi_app = TrustedProxies(app.wsgi_app, config.server.trusted_proxies)  # type: ignore[method-assign]


def _error(error: HTTPException) -> Response | HTTPException:
    """Programs get a problem document for an address that is none; people get Werkzeug's page."""
    return problems.from_http(error) if current_request.path.startswith("/api/") else error
