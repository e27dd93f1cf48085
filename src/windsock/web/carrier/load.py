"""Finds the Flask application that ``module:app`` names."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import traceback
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from flask import Flask
from flask_socketio import SocketIO

from windsock.errors import ConfigError
from windsock.web.carrier.adapt import adapted

FORMS = '"module:app", "module:factory()" or "package.module:name.attribute"'
"""How an application is named."""


class _Target(NamedTuple):
    module: str
    names: list[str]
    # What to call it with, if it is to be called.
    arguments: tuple[list[Any], dict[str, Any]] | None


def load_app(target: str) -> Flask:
    """The application that ``target`` names: `FORMS`; a factory may be given plain values.

    The current folder is searched first. See `adapted` for what is stilled meanwhile. Raises ConfigError.
    """
    asked = _read(target)
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    with adapted():
        found = _find(_import(asked.module), asked, target)
        if asked.arguments is not None:
            found = _call(found, asked.arguments, target)
    if not isinstance(found, Flask):
        raise ConfigError(f"{target} is not a Flask application: {_what(found, asked)}")
    return found


# -------------------------------------------------------------------------------------------------- what is asked for


def _read(target: str) -> _Target:
    module, colon, expression = target.partition(":")
    if module.endswith(".py") or "/" in module:
        better = module.removesuffix(".py").strip("./").replace("/", ".")
        raise ConfigError(f"{target}: name the module, not its file: {better}:{expression or 'app'}")
    if not colon or not expression or not module:
        raise ConfigError(f"{target}: found no name of an application, expected {FORMS}; for example {module}:app")
    try:
        return _Target(module, *_parse(ast.parse(expression, mode="eval").body))
    except (SyntaxError, ValueError):
        raise ConfigError(f'{target}: "{expression}" cannot be read, expected {FORMS}') from None


def _parse(node: ast.expr) -> tuple[list[str], tuple[list[Any], dict[str, Any]] | None]:
    """The names, one within the other, and the arguments. Raises ValueError."""
    arguments = None
    if isinstance(node, ast.Call):
        named = {keyword.arg or "": ast.literal_eval(keyword.value) for keyword in node.keywords}
        arguments = ([ast.literal_eval(value) for value in node.args], named)
        if "" in named:
            raise ValueError("no ** here")
        node = node.func
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        raise ValueError("no name")
    return [node.id, *names], arguments


# ------------------------------------------------------------------------------------------------------ what is there


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise ConfigError(_no_module(name, error.name)) from None
        raise ConfigError(f"{name} could not be imported: {_words(error)}") from error
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{name} could not be imported: {_words(error)}") from error


def _no_module(name: str, missing: str) -> str:
    folder = Path.cwd()
    there = [path.stem for path in folder.glob("*.py")] + [path.parent.name for path in folder.glob("*/__init__.py")]
    near = get_close_matches(name, there, n=1)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    return f'there is no module "{missing}" in {folder}, and none is installed{hint}'


def _find(found: Any, asked: _Target, target: str) -> Any:
    for name in asked.names:
        owner = asked.module if isinstance(found, ModuleType) else type(found).__name__
        try:
            found = getattr(found, name)
        except AttributeError:
            raise ConfigError(f'{target}: there is no "{name}" in {owner}{_near(found, name)}') from None
    return found


def _near(owner: Any, name: str) -> str:
    apps = [key for key, value in vars(owner).items() if isinstance(value, Flask)] if hasattr(owner, "__dict__") else []
    near = apps or get_close_matches(name, [key for key in dir(owner) if not key.startswith("_")], n=1)
    return f'; did you mean "{near[0]}"?' if near else ""


def _call(factory: Any, arguments: tuple[list[Any], dict[str, Any]], target: str) -> Any:
    if not callable(factory):
        raise ConfigError(f"{target}: it cannot be called; leave the brackets out")
    try:
        return factory(*arguments[0], **arguments[1])
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{target} failed: {_words(error)}") from error


def _words(error: BaseException) -> str:
    """An error, and where it came up."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error}"
    what = "it ended the program (sys.exit)" if isinstance(error, SystemExit) else f"{type(error).__name__}: {error}"
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_machinery(frame.filename)]
    return f"{what} ({places[-1].filename}, line {places[-1].lineno})" if places else what


def _is_machinery(filename: str) -> bool:
    return filename.startswith("<frozen") or filename in {__file__, importlib.__file__}


def _what(found: Any, asked: _Target) -> str:
    """What was found instead, and what may be meant."""
    name = f"{asked.module}:{'.'.join(asked.names)}"
    kind = f"it is a {type(found).__name__}"
    if isinstance(found, SocketIO):
        return f"{kind}; name the application that it was made for, {asked.module}:app for example"
    if _is_asgi(found):
        return f"{kind}, an ASGI application as FastAPI or Starlette make them; Windsock runs Flask"
    if inspect.isroutine(found) and asked.arguments is None:
        return f"it is a function; if it makes the application, write {name}()"
    if callable(getattr(found, "wsgi_app", None)) or callable(getattr(found, "app", None)):
        return f"{kind}, around something; name the Flask application itself, and put middleware into app.wsgi_app"
    return kind


def _is_asgi(found: Any) -> bool:
    call = found if inspect.isroutine(found) else getattr(found, "__call__", None)  # noqa: B004  # what it is matters
    return inspect.iscoroutinefunction(call)
