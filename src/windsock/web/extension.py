"""The Flask extension."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, has_app_context, has_request_context, request
from flask_socketio import SocketIO
from markupsafe import Markup

from windsock.config import Config, default_config, load, make_spec, override
from windsock.errors import ConfigError, NotStarted
from windsock.web import compression, embedding, openapi, operator, pages, pictures, problems, rest
from windsock.web.entrance import SocketEntrance
from windsock.web.live import element
from windsock.web.overriding import Overridable
from windsock.web.site import Site, site_of
from windsock.web.thing import Thing
from windsock.web.views import static_path


class Windsock:
    """Live state for a Flask application.

    ``Windsock(app)``, or ``Windsock()`` and later ``init_app(app)``. It uses the application's own
    `flask_socketio.SocketIO` if there is one, and makes one if not; ``socketio`` names it explicitly.

    Making it starts nothing. Watching starts with the first request served, or with `start`.
    """

    def __init__(self, app: Flask | None = None, socketio: SocketIO | None = None) -> None:
        self.things: list[Thing] = []
        self._sites: list[Site] = []
        self._socketio = socketio
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, socketio: SocketIO | None = None) -> None:
        """Add Windsock's pages and REST to an application, under ``WINDSOCK_URL_PREFIX`` (``/windsock``).

        Raises ConfigError for a wrong `windsock.toml` or a wrong ``WINDSOCK_…`` key of ``app.config``.
        """
        if "windsock" in app.extensions:
            raise ConfigError(f"the application {app.name!r} has a Windsock already")
        prefix = _prefix(app)
        found = socketio or self._socketio or app.extensions.get("socketio")
        site = Site(self, app, _config(app), prefix, found)
        app.extensions["windsock"] = site
        self._sites.append(site)
        app.wsgi_app = SocketEntrance(app)  # type: ignore[method-assign]
        app.register_blueprint(_blueprint(), url_prefix=prefix or None)
        app.before_request(site.start_with_request)
        app.before_request(partial(_refuse_unknown_address, f"{prefix}/api/v1/"))
        app.context_processor(lambda: {"windsock": self})

    def thing(self, name: str, **options: Any) -> Thing:
        """A thing, with the keys of ``[things.<thing>]`` as options: title, states, rest, rest_after, …

        A thing of `windsock.toml` is named without options. Raises ConfigError for all that is wrong.
        """
        make_spec(name, options, Path())
        if any(site.started for site in self._sites):
            raise ConfigError(f"thing({name!r}): described after the start, when nothing would watch it any more")
        if any(thing.name == name for thing in self.things):
            raise ConfigError(f"thing({name!r}): described twice")
        thing = Thing(self, name, options)
        self.things.append(thing)
        return thing

    def start(self, app: Flask | None = None) -> None:
        """Start watching and delivering now, instead of with the first request. A second call does nothing.

        Raises ConfigError, StoreError or StoreInUse.
        """
        self.site(app).start()

    def stop(self, app: Flask | None = None) -> None:
        """Stop watching and delivering, and let go of the store. A second call does nothing."""
        self.site(app).stop()

    def scripts(self, jquery: bool = True) -> Markup:
        """The script tags that a live page needs; without ``jquery`` for a page that has it already."""
        site = self.site()
        base = site.base() if has_request_context() else site.prefix
        names = ["vendor/jquery.min.js"] * jquery + ["vendor/socket.io.min.js"]
        tags = [Markup('<script src="{}"></script>').format(static_path(name, base)) for name in names]
        root = base.removesuffix(site.prefix) if site.prefix else base
        tag = Markup('<script id="windsock-script" src="{}" data-socket-path="{}"></script>')
        tags.append(tag.format(static_path("windsock.js", base), f"{root}/{site.delivery.path}"))
        return Markup("\n").join(tags)

    def live(self, thing: str, *, picture: bool = True, label: bool = True, class_: str = "") -> Markup:
        """An element that shows a thing, as it is now and from then on: picture, label, and whether that is live.

        It is the template `windsock/live.html`. What keeps it up to date comes with `scripts`.
        Raises UnknownThing, at once, for a thing that there is not.
        """
        site = self.site()
        base = site.base() if has_request_context() else site.prefix
        return element(site, thing, base, {"picture": picture, "label": label, "class": class_})

    def site(self, app: Flask | None = None) -> Site:
        """The part of an application: of ``app``, else of the current one, else of the only one."""
        if app is not None:
            return site_of(app)
        if has_app_context() and "windsock" in current_app.extensions:
            return site_of(current_app)
        if len(self._sites) == 1:
            return self._sites[0]
        count = len(self._sites) or "no"
        raise NotStarted(f"this Windsock serves {count} applications: say which one, within its app_context()")


def _prefix(app: Flask) -> str:
    prefix = str(app.config.get("WINDSOCK_URL_PREFIX", "/windsock")).rstrip("/")
    if prefix and not prefix.startswith("/"):
        raise ConfigError(f'WINDSOCK_URL_PREFIX: found "{prefix}", expected a path such as "/windsock"')
    if app.has_static_folder and app.static_url_path == f"{prefix}/static":
        raise ConfigError(
            f'WINDSOCK_URL_PREFIX: found "{prefix or "/"}", but {prefix}/static is where the application has its own '
            'static files; choose another prefix, or make it Flask(…, static_url_path="/assets"), or '
            "Flask(…, static_folder=None) if it has none"
        )
    return prefix


def _refuse_unknown_address(api: str) -> Response | None:
    """The API speaks to programs: also of an address or a method that it does not have, which no blueprint sees."""
    error = request.routing_exception
    if error is None or (error.code or 500) < 400 or not f"{request.path}/".startswith(api):
        return None
    return problems.from_http(error)


def _blueprint() -> Blueprint:
    folder = Path(__file__).parent
    blueprint = Overridable(
        "windsock",
        __name__,
        static_folder=str(folder / "static"),
        static_url_path="/static",
        template_folder=str(folder / "templates"),
    )
    rest.register(blueprint)
    openapi.register(blueprint)
    pages.register(blueprint)
    operator.register(blueprint)
    embedding.register(blueprint)
    pictures.register(blueprint)
    compression.register(blueprint)
    return blueprint


def _config(app: Flask) -> Config:
    """The file that ``WINDSOCK_CONFIG`` names, else `windsock.toml` beside the application, else none.

    The other ``WINDSOCK_…`` keys win over the file.
    """
    named = app.config.get("WINDSOCK_CONFIG")
    beside = Path(app.root_path) / "windsock.toml"
    if isinstance(named, Config):
        config = named
    elif named or beside.is_file():
        config = load(Path(named or beside), os.environ)
    else:
        config = default_config(Path(app.instance_path))
    return override(config, {key: value for key, value in app.config.items() if key.startswith("WINDSOCK_")})
