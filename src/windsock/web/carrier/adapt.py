"""What an application's module does for other servers is stilled while it is imported for this one."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

import socketio
import werkzeug.serving
from flask import Flask
from flask_socketio import SocketIO

log = logging.getLogger("windsock.carrier")

_PATCHING = "threads whose locks and sockets were patched starve beside the engine's loop"
_SERVING = "Windsock serves the application"

# By module: the class in it, if it is one's method; what the names begin with that are stilled; and why.
_ELSEWHERE = {
    "gevent.monkey": ("", "patch_", _PATCHING),
    "gevent.baseserver": ("BaseServer", "serve_forever", _SERVING),
    "eventlet": ("", "monkey_patch", _PATCHING),
    "eventlet.patcher": ("", "monkey_patch", _PATCHING),
    "eventlet.wsgi": ("", "server", _SERVING),
}

_GREEN = {"gevent", "eventlet"}


@contextmanager
def adapted() -> Iterator[None]:
    """Import an application's module, and call its factory, within this. It is for one thread at a time.

    `SocketIO` is made in the mode ``threading``, whichever was asked for. To run a server, or to patch the standard
    library for gevent or eventlet, does nothing but say so. Afterwards everything is as it was.
    """
    with ExitStack() as stack:
        _replace(stack, socketio.Server, "__init__", _in_threads(socketio.Server.__init__))
        _replace(stack, Flask, "run", _still("app.run()", _SERVING))
        _replace(stack, SocketIO, "run", _still("socketio.run()", _SERVING))
        _replace(stack, werkzeug.serving, "run_simple", _still("run_simple()", _SERVING))
        for name in _ELSEWHERE.keys() & sys.modules.keys():
            _still_module(stack, sys.modules[name])
        for name in _GREEN & sys.modules.keys():
            _warn_of_greenlets(name)
        finder = _Finder(stack)
        sys.meta_path.insert(0, finder)
        stack.callback(sys.meta_path.remove, finder)
        yield


def _in_threads(make: Callable[..., None]) -> Callable[..., None]:
    def make_in_threads(self: Any, *arguments: Any, **options: Any) -> None:
        asked = options.get("async_mode")
        if asked not in {None, "threading"}:
            log.warning('async_mode="%s" is not used: the application runs in threads here', asked)
        make(self, *arguments, **(options | {"async_mode": "threading"}))

    return make_in_threads


def _still(what: str, why: str) -> Callable[..., None]:
    def do_nothing(*_arguments: Any, **_options: Any) -> None:
        log.warning("%s does nothing here: %s", what, why)

    return do_nothing


def _replace(stack: ExitStack, owner: Any, name: str, value: Any) -> None:
    if name in vars(owner):
        stack.callback(setattr, owner, name, vars(owner)[name])
    else:
        stack.callback(delattr, owner, name)
    setattr(owner, name, value)


def _still_module(stack: ExitStack, module: ModuleType) -> None:
    owner_name, beginning, why = _ELSEWHERE[module.__name__]
    owner = getattr(module, owner_name) if owner_name else module
    for name in [name for name in vars(owner) if name.startswith(beginning)]:
        if callable(getattr(owner, name)):
            _replace(stack, owner, name, _still(f"{owner.__name__}.{name}()", why))


def _warn_of_greenlets(module: str) -> None:
    advice = "what is spawned with it may never run, for nobody runs its loop; use socketio.start_background_task()"
    log.warning("the application imports %s: %s", module, advice)


class _Finder(MetaPathFinder):
    """Stills the modules that are imported only now. They are not imported for that: most applications have none."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in _GREEN:
            _warn_of_greenlets(fullname)
        spec = PathFinder.find_spec(fullname, path, target) if fullname in _ELSEWHERE else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_still(module: ModuleType) -> None:
            execute(module)
            _still_module(self._stack, module)

        # The loader is this module's alone.
        spec.loader.exec_module = execute_and_still  # type: ignore[method-assign]
        return spec
