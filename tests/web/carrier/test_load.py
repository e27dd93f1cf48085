from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from windsock.errors import ConfigError
from windsock.web.carrier import load_app

MAIN = """
    from functools import partial
    from flask import Flask
    from flask_socketio import SocketIO

    app = Flask("main")
    socketio = SocketIO(app)

    def create_app(name="made", *, debug=False):
        made = Flask(name)
        made.debug = debug
        return made

    class Box:
        app = app

    def broken():
        raise ValueError("no database")

    def nothing():
        return None

    async def asgi(scope, receive, send):
        pass

    class Starlette:
        async def __call__(self, scope, receive, send):
            pass

    class Wrapped:
        app = app

    starlette, wrapped, number = Starlette(), Wrapped(), 7
    socketio.run(app)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    write(tmp_path, "main.py", MAIN)
    write(tmp_path, "package/__init__.py", "")
    write(tmp_path, "package/web.py", MAIN)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def write(folder: Path, name: str, code: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(textwrap.dedent(code))


def refusal(target: str) -> str:
    with pytest.raises(ConfigError) as error:
        load_app(target)
    return str(error.value)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("main:app", "main"),
        ("main:create_app()", "made"),
        ('main:create_app("other")', "other"),
        ('main:create_app(name="other", debug=True)', "other"),
        ("package.web:app", "main"),
        ("package.web:Box.app", "main"),
        ("package:web.create_app()", "made"),
    ],
)
def test_an_application_is_found_by_its_name(target: str, name: str) -> None:
    if target.startswith("package:"):
        load_app("package.web:app")
    found = load_app(target)
    assert isinstance(found, Flask)
    assert name == found.name
    assert found.debug == ("debug" in target)


def test_its_folder_stays_searched(folder: Path) -> None:
    load_app("main:app")
    load_app("main:app")
    assert 1 == sys.path.count(str(folder))


def test_an_application_that_runs_itself_is_not_run(caplog: pytest.LogCaptureFixture) -> None:
    load_app("main:app")
    assert "socketio.run() does nothing here" in caplog.text


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("main", 'main: found no name of an application, expected "module:app"'),
        ("main:", "main:: found no name of an application"),
        (":app", "found no name of an application"),
        ("main.py:app", "name the module, not its file: main:app"),
        ("./package/web.py", "name the module, not its file: package.web:app"),
        ("main:app)", 'main:app): "app)" cannot be read, expected'),
        ("main:app[0]", "cannot be read"),
        ("main:create_app(app)", "cannot be read"),
        ("main:create_app(**{})", "cannot be read"),
        ("main:7", "cannot be read"),
    ],
)
def test_what_names_nothing_is_refused_with_what_would(target: str, words: str) -> None:
    assert words in refusal(target)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("mian:app", 'there is no module "mian" in {folder}, and none is installed; did you mean "main"?'),
        ("package.wbe:app", 'there is no module "package.wbe"'),
        ("nowhere.at.all:app", 'there is no module "nowhere" in {folder}, and none is installed'),
        ("main:application", 'main:application: there is no "application" in main; did you mean "app"?'),
        ("main:Box.ap", 'main:Box.ap: there is no "ap" in type; did you mean "app"?'),
        ("main:socketio", "it is a SocketIO; name the application that it was made for, main:app for example"),
        ("main:create_app", "it is a function; if it makes the application, write main:create_app()"),
        ("main:asgi", "it is a function, an ASGI application"),
        ("main:starlette", "it is a Starlette, an ASGI application"),
        ("main:wrapped", "it is a Wrapped, around something; name the Flask application itself"),
        ("main:number", "main:number is not a Flask application: it is a int"),
        ("main:nothing()", "main:nothing() is not a Flask application: it is a NoneType"),
        ("main:app.name()", "it cannot be called; leave the brackets out"),
        ("main:broken()", "main:broken() failed: ValueError: no database ({folder}/main.py, line 18)"),
        ("main:create_app(1, 2)", "main:create_app(1, 2) failed: TypeError: create_app() takes"),
    ],
)
def test_what_is_no_application_is_refused_with_what_it_is(folder: Path, target: str, words: str) -> None:
    assert words.format(folder=folder) in refusal(target)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import no_such_thing", "ModuleNotFoundError: No module named 'no_such_thing' ({folder}/user.py, line 1)"),
        ("from flask import no_such_thing", "ImportError: cannot import name 'no_such_thing'"),
        ("\n1 / 0", "ZeroDivisionError: division by zero ({folder}/user.py, line 2)"),
        ("import sys\nsys.exit(1)", "it ended the program (sys.exit) ({folder}/user.py, line 2)"),
        ("a b", "SyntaxError: invalid syntax (user.py, line 1)"),
    ],
)
def test_a_module_that_fails_is_not_called_missing(folder: Path, code: str, words: str) -> None:
    write(folder, "user.py", code)
    text = refusal("user:app")
    assert text.startswith("user could not be imported: ")
    assert words.format(folder=folder) in text
