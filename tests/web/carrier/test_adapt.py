from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask_socketio
import pytest
import socketio
import werkzeug.serving
from flask import Flask
from flask_socketio import SocketIO

from windsock.web.carrier import adapted

MODULES = {
    "gevent/__init__.py": "",
    "gevent/monkey.py": "def patch_all(*arguments, **options): raise SystemError\npatch_thread = patch_all\nsaved = {}",
    "gevent/baseserver.py": "class BaseServer:\n    def serve_forever(self): raise SystemError",
    "eventlet/__init__.py": "from eventlet.patcher import monkey_patch\nVERSION = 1",
    "eventlet/patcher.py": "def monkey_patch(**options): raise SystemError",
    "eventlet/wsgi.py": "def server(*arguments): raise SystemError",
}
"""Modules that look like those of gevent and eventlet, which are not installed here."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, text in MODULES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {"gevent", "eventlet", "user_code"}:
            del sys.modules[name]


def run(folder: Path, code: str) -> Any:
    (folder / "user_code.py").write_text(textwrap.dedent(code))
    return importlib.import_module("user_code")


@pytest.mark.parametrize("asked", [{}, {"async_mode": "gevent"}, {"async_mode": "eventlet"}, {"async_mode": None}])
def test_every_socketio_is_made_for_threads(asked: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    with adapted():
        sio = SocketIO(Flask("app"), **asked)
        later = SocketIO(**asked)
        later.init_app(Flask("later"))
    assert {"threading"} == {sio.async_mode, sio.server.async_mode, sio.server.eio.async_mode, later.async_mode}
    mode = asked.get("async_mode")
    expected = [f'async_mode="{mode}" is not used: the application runs in threads here'] * 2 if mode else []
    assert expected == [record.message for record in caplog.records]


def test_to_run_a_server_does_nothing_but_say_so(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask("app")
    with adapted():
        sio = SocketIO(app)
        app.run(port=5001)
        sio.run(app, debug=True)
        werkzeug.serving.run_simple("localhost", 5001, app)
    assert ["app.run()", "socketio.run()", "run_simple()"] == [record.message.split()[0] for record in caplog.records]


@pytest.mark.parametrize(
    "code",
    [
        "from gevent import monkey; monkey.patch_all()",
        "import gevent.monkey; gevent.monkey.patch_thread()",
        "from gevent.monkey import patch_all; patch_all(thread=False)",
        "import eventlet; eventlet.monkey_patch()",
        "from eventlet.patcher import monkey_patch; monkey_patch(os=False)",
        "import eventlet.wsgi; eventlet.wsgi.server(None, None)",
        "from gevent.baseserver import BaseServer; BaseServer().serve_forever()",
    ],
)
@pytest.mark.parametrize("before", [False, True])
def test_patching_and_foreign_servers_are_stilled_whenever_they_were_imported(
    folder: Path, code: str, before: bool, caplog: pytest.LogCaptureFixture
) -> None:
    if before:
        for name in ("gevent.monkey", "gevent.baseserver", "eventlet", "eventlet.wsgi"):
            importlib.import_module(name)
    with adapted():
        run(folder, code)
    assert 1 == sum("does nothing here" in record.message for record in caplog.records)
    for name in ("gevent.monkey", "eventlet.patcher"):
        module = importlib.import_module(name)
        with pytest.raises(SystemError):
            getattr(module, "patch_all" if name.startswith("gevent") else "monkey_patch")()


@pytest.mark.parametrize("module", ["gevent", "eventlet"])
@pytest.mark.parametrize("before", [False, True])
def test_an_application_that_spawns_greenlets_is_warned_that_nobody_runs_them(
    folder: Path, module: str, before: bool, caplog: pytest.LogCaptureFixture
) -> None:
    if before:
        importlib.import_module(module)
    with adapted():
        run(folder, f"import {module}\nimport {module}")
    (warning,) = [record.message for record in caplog.records]
    assert warning.startswith(f"the application imports {module}: ")
    assert "start_background_task" in warning


def test_what_is_not_stilled_works(folder: Path) -> None:
    with adapted():
        module = run(folder, "from gevent import monkey\nimport eventlet\nfound = monkey.saved, eventlet.VERSION")
    assert ({}, 1) == module.found


def test_afterwards_everything_is_as_it_was() -> None:
    def state() -> list[Any]:
        return [
            dict(vars(socketio.Server)),
            dict(vars(Flask)),
            dict(vars(flask_socketio.SocketIO)),
            werkzeug.serving.run_simple,
            list(sys.meta_path),
        ]

    def fail_within() -> None:
        with adapted():
            assert before != state()
            raise ValueError("broken")

    before = state()
    with pytest.raises(ValueError, match="broken"):
        fail_within()
    assert before == state()


def test_one_may_be_within_another() -> None:
    run_simple = werkzeug.serving.run_simple
    with adapted(), adapted():
        pass
    assert run_simple is werkzeug.serving.run_simple
