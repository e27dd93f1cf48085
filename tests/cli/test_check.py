from __future__ import annotations

import socket
import sqlite3
from pathlib import Path

import pytest
from azure.storage.queue import QueueClient
from jinja2 import FileSystemLoader

from tests.azurite import Azurite, connection_string
from tests.cli.typed import failed, succeeded, typed
from tests.servers import KILN, serving, windsock
from tests.waiting import free_port
from windsock.sources.azure_queue import CONNECTION_STRING

MEMORY = '[store]\nurl = "memory:"\n'


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(CONNECTION_STRING, raising=False)


def passed(tmp_path: Path, toml: str) -> list[str]:
    """What is said of a configuration in which all is well."""
    (tmp_path / "windsock.toml").write_text(toml)
    return succeeded("check").splitlines()


def trouble(tmp_path: Path, toml: str) -> str:
    """What is said of the one thing in a configuration that is not well."""
    (tmp_path / "windsock.toml").write_text(toml)
    result = typed("check")
    assert (1, "") == (result.exit_code, result.stderr), result.output
    [line] = [line for line in result.stdout.splitlines() if not line.startswith("ok    ")]
    assert line.startswith("FAIL  ")
    return line.removeprefix("FAIL  ")


def test_all_is_well(tmp_path: Path) -> None:
    said = passed(tmp_path, KILN + '[things.cloud]\nsource = "clock:"\n[things.oven]\n')

    assert [
        "ok    windsock.toml: 3 things",
        "ok    inbox: can be read",
        "ok    clock: can be read",
        "ok    sqlite:///windsock.db: can be written, and is made at the first start",
    ] == said
    assert ["windsock.toml"] == [path.name for path in tmp_path.iterdir()]


def test_a_store_that_is_there_is_tried(tmp_path: Path) -> None:
    with serving(tmp_path):
        pass

    assert "ok    sqlite:///windsock.db: can be written" == passed(tmp_path, KILN)[-1]


def test_a_store_in_memory_is_fine(tmp_path: Path) -> None:
    assert ["ok    windsock.toml: 0 things", "ok    memory: can be written"] == passed(tmp_path, MEMORY)


def test_a_store_that_a_server_uses_is_fine(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        said = succeeded("check").splitlines()[-1]

    does = f"can be written, as a running Windsock does: process {server.process.pid} (windsock)"
    assert f"ok    sqlite:///windsock.db: {does}" == said


def test_a_store_that_a_server_uses_and_that_fails_is_named(tmp_path: Path) -> None:
    with serving(tmp_path), sqlite3.connect(tmp_path / "windsock.db", isolation_level=None) as db:
        db.execute("BEGIN IMMEDIATE")  # for longer than anybody waits
        said = trouble(tmp_path, KILN)
        db.execute("ROLLBACK")
    db.close()
    assert "sqlite:///windsock.db: windsock.db: the store failed: database is locked" == said.replace(
        f"{tmp_path}/", ""
    )


def test_a_store_that_a_server_uses_and_whose_file_was_removed_is_told(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        (tmp_path / "windsock.db").unlink()
        said = trouble(tmp_path, KILN)
    assert f"the file is gone, and process {server.process.pid} (windsock) goes on with it" in said


def test_a_store_that_was_removed_with_its_server_gone_is_made_anew(tmp_path: Path) -> None:
    with serving(tmp_path):
        pass
    (tmp_path / "windsock.db").unlink()
    assert "ok    sqlite:///windsock.db: can be written, and is made at the first start" == passed(tmp_path, KILN)[-1]


@pytest.mark.parametrize("body", ["something else", "SQLite format 3\0" + "x" * 100])
def test_a_file_that_is_no_store_is_named_and_left_as_it_is(tmp_path: Path, body: str) -> None:
    (tmp_path / "windsock.db").write_text(body)

    assert "windsock.db: " in trouble(tmp_path, KILN)
    assert body == (tmp_path / "windsock.db").read_text()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    said = trouble(tmp_path, KILN + '[store]\nurl = "sqlite:///data/windsock.db"\n')

    assert f"there is no folder {tmp_path / 'data'}; make it, or name another file" in said


def test_a_store_of_no_known_kind_is_named_with_its_place(tmp_path: Path) -> None:
    assert 'windsock.toml: store.url: found "redis:", expected "memory:" or "sqlite:///windsock.db"' == trouble(
        tmp_path, KILN + '[store]\nurl = "redis:"\n'
    )


@pytest.mark.parametrize("url", ["postgres://u:secret@h/db", "postgres://h/db?password=secret"])
def test_the_password_of_a_store_that_cannot_be_is_not_shown(tmp_path: Path, url: str) -> None:
    said = trouble(tmp_path, KILN + f'[store]\nurl = "{url}"\n')

    assert 'found "postgres:…", expected' in said
    assert "secret" not in said


# -------------------------------------------------------------------------------------------------- sources


def watched(source: str) -> str:
    return f'{MEMORY}[things.cloud]\nsource = "{source}"\n'


def test_a_queue_that_is_there_is_fine_and_nothing_is_taken_from_it(
    tmp_path: Path, azurite: Azurite, queue: QueueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CONNECTION_STRING, azurite.connection_string)
    queue.send_message("HUGGING")

    said = passed(tmp_path, watched(f"azure-queue://{queue.queue_name}"))

    assert f"ok    azure-queue://{queue.queue_name}: can be read" in said
    assert 1 == len(queue.peek_messages())


def test_a_queue_that_is_not_there_is_named(tmp_path: Path, azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONNECTION_STRING, azurite.connection_string)

    said = trouble(tmp_path, watched("azure-queue://nowhere?poll=2s"))

    assert said.startswith("azure-queue://nowhere: ")
    assert "there is no such queue yet; create it, or mend the name" in said


def test_wrong_credentials_are_named(tmp_path: Path, azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONNECTION_STRING, connection_string(azurite.port, "YW5vdGhlcg=="))

    assert f"the service refuses the credentials (AuthenticationFailed); check {CONNECTION_STRING}" in trouble(
        tmp_path, watched("azure-queue://mlqueue")
    )


def test_a_service_that_does_not_run_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONNECTION_STRING, connection_string(free_port()))

    assert "the service cannot be reached" in trouble(tmp_path, watched("azure-queue://mlqueue"))


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    assert f"the environment variable {CONNECTION_STRING} is not set" in trouble(
        tmp_path, watched("azure-queue://mlqueue")
    )


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("python:no_such_module:read", "No module named 'no_such_module'"),
        ("python:os:no_such_function", "the module os has no function no_such_function"),
    ],
)
def test_a_source_that_cannot_be_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, reason: str
) -> None:
    monkeypatch.syspath_prepend(tmp_path)

    said = trouble(tmp_path, watched(source))

    assert said.startswith(f"{source}: ")
    assert reason in said


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("mqtt://broker", 'found "mqtt://broker", expected a source such as inbox:'),
        ("mqtt://u:secret@broker", 'found "mqtt://…@broker", expected a source such as inbox:'),
        ("clock:?evry=1s", 'found "clock:?evry=1s", which has the unknown option'),
    ],
)
def test_a_source_that_is_none_is_named_with_its_place(tmp_path: Path, source: str, reason: str) -> None:
    assert trouble(tmp_path, watched(source)).startswith(f"windsock.toml: things.cloud.source: {reason}")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def", "SyntaxError: "),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_a_module_that_fails_is_named_and_the_others_are_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, reason: str
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "broken_reader.py").write_text(code)

    assert reason in trouble(tmp_path, watched("python:broken_reader:read") + KILN)


def test_a_queue_that_is_named_in_two_ways_is_refused_as_at_the_start(
    tmp_path: Path, azurite: Azurite, queue: QueueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CONNECTION_STRING, azurite.connection_string)
    url = f"azure-queue://{queue.queue_name}"
    toml = f'{watched(url)}[things.kiln]\nsource = "{url}?poll=2s"\n'
    said = f"things.kiln.source: {url} is named as {url} and as {url}?poll=2s; name it alike"
    assert f"windsock.toml: {said}" == trouble(tmp_path, toml)
    assert f"windsock: windsock.toml: {said}\n" == failed("serve", "--port", "0", code=2)


def write_reader(tmp_path: Path, body: str) -> str:
    """A module with a function `read`; each has a name of its own, for modules are read once. The source's URL."""
    module = f"reader_{abs(hash(body))}"
    (tmp_path / f"{module}.py").write_text(
        f"import time\nfrom pathlib import Path\nfrom windsock import Reading\ndef read():\n    {body}\n"
    )
    return f"python:{module}:read"


def test_a_function_is_called_and_nothing_of_what_it_says_is_recorded(tmp_path: Path) -> None:
    url = write_reader(tmp_path, "Path('called').write_text('once'); return 'HOT'")
    said = passed(tmp_path, f'[things.cloud]\nsource = "{url}?every=2s"\n')
    assert f"ok    {url}: can be read" in said
    assert "once" == (tmp_path / "called").read_text()
    assert not (tmp_path / "windsock.db").exists()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return 5", " gave 5, expected a state name, a windsock.Reading or None (nothing new)"),
        ("return Reading('HOT', thing='fog')", ": the reading is for 'fog'; this source serves cloud"),
        ("raise SystemExit(3)", ": SystemExit: 3"),
        ("raise KeyboardInterrupt", ": KeyboardInterrupt: "),
        ("from windsock.errors import ConfigError; raise ConfigError('of its own')", ": of its own"),
        ("raise ValueError('no\\nheat\u202e')", ": ValueError: no\\nheat\\u202e"),
        ("time.sleep(6)", ": no answer for 3 seconds; it is still being waited for"),
    ],
)
def test_a_function_that_fails_is_named_with_its_reason(tmp_path: Path, body: str, reason: str) -> None:
    url = write_reader(tmp_path, body)
    assert f"{url}{reason}" in trouble(tmp_path, watched(url))


def test_what_a_function_prints_is_none_of_what_is_said(tmp_path: Path) -> None:
    url = write_reader(tmp_path, "print('ok    all is well')")
    (tmp_path / "windsock.toml").write_text(watched(url))
    result = typed("check")
    assert ("ok    all is well\n", True) == (result.stderr, "all is well" not in result.stdout)


def test_every_trouble_is_named(tmp_path: Path) -> None:
    toml = '[store]\nurl = "redis:"\n[things.a]\nsource = "mqtt:"\n[things.b]\nsource = "amqp:"\n[things.c]\n'
    (tmp_path / "windsock.toml").write_text(toml)

    result = typed("check")

    assert ["ok", "FAIL", "FAIL", "ok", "FAIL"] == [line.split()[0] for line in result.stdout.splitlines()]
    assert 1 == result.exit_code


def test_a_wrong_configuration_is_refused_with_its_key(tmp_path: Path) -> None:
    (tmp_path / "cloud.toml").write_text("[things.cloud]\nsorce = 'clock:'\n")

    said = failed("check", "--config", "cloud.toml", code=2)

    assert "windsock: cloud.toml: things.cloud.sorce: unknown key; did you mean 'source'?\n" == said


def test_a_picture_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "windsock.toml").write_text('[things.cloud.states]\nHUGGING = { image = "hugging.svg" }\n')

    said = failed("check", code=2)

    assert "windsock: windsock.toml: things.cloud.states.HUGGING.image: no such file: " in said


def test_an_address_is_tried_if_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "windsock.toml").write_text(KILN)
    port = free_port()
    said = succeeded("check", "--port", str(port)).splitlines()
    assert f"ok    port {port}: can be listened at" == said[-1]


def test_an_address_that_is_taken_is_said(tmp_path: Path) -> None:
    (tmp_path / "windsock.toml").write_text(KILN)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = typed("check", "--port", str(port))
    assert 1 == result.exit_code
    assert f"FAIL  port {port}: port {port} of 127.0.0.1 is taken by another program" in result.output


def test_a_certificate_that_is_none_is_told(tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("nothing of the kind")
    (tmp_path / "windsock.toml").write_text('[server]\ncertificate = "cert.pem"\ncertificate_key = "key.pem"\n')
    checked = windsock(tmp_path, "check")
    assert 1 == checked.returncode
    assert "FAIL  windsock.toml: server.certificate: " in checked.stdout
    assert "cannot be used as a certificate and its key" in checked.stdout


def test_templates_of_ones_own_are_tried(tmp_path: Path) -> None:
    template(
        tmp_path, "windsock/thing.html", b'{% extends "windsock/built-in/thing.html" %}{% block main %}{% endblock %}'
    )
    template(
        tmp_path, "windsock/things.html", b'<script type="application/json">{}</script><style nonce="{{ nonce }}">'
    )
    template(tmp_path, "notes.bin", b"\xff")

    assert "ok    templates: 2 of your own, which can be used" == passed(tmp_path, KILN)[-1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"\n{{ thing", ", line 2: unexpected end of template, expected 'end of print statement'."),
        (b"\n\n{{ thing | windsock_agu }}", ", line 3: No filter named 'windsock_agu'."),
        (b'{% extends "windsock/built-in/thin.html" %}', ": there is no template windsock/built-in/thin.html"),
        (b"\xff", ": it is not UTF-8"),
        (
            b'{% extends "windsock/thing.html" %}',
            ": it builds on itself; Windsock's own is windsock/built-in/thing.html",
        ),
    ],
)
def test_a_template_that_cannot_be_used_is_named(tmp_path: Path, text: bytes, reason: str) -> None:
    template(tmp_path, "windsock/thing.html", text)

    assert f"{tmp_path}/templates/windsock/thing.html{reason}" == trouble(tmp_path, KILN)


def test_a_template_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template(tmp_path, "windsock/thing.html", b"")

    def refused(*_: object) -> None:  # as the system does to all but root
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(FileSystemLoader, "get_source", refused)
    assert f"{tmp_path}/templates/windsock/thing.html: it cannot be read: Permission denied" == trouble(tmp_path, KILN)


BUILT_ON = b'{% extends "windsock/built-in/thing.html" %}\n'


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        (
            "thing",
            BUILT_ON + b"{% block main %}\n{{ thing.titel.upper() }}{% endblock %}",
            "/windsock/thing.html, line 3: UndefinedError: 'dict object' has no attribute 'titel'",
        ),
        (
            "thing",
            BUILT_ON + b"{% block main %}\n{% if thing.state %}{{ 1 / 0 }}{% endif %}{% endblock %}",
            "/windsock/thing.html, line 3: ZeroDivisionError: division by zero",
        ),
        (
            "things",
            b"{{ windsock.live('nobody') }}",
            ": the page / cannot be shown: windsock.live('nobody'): there is no such thing; there are kiln, door",
        ),
        ("live", b"{{ a.b.c }}", "/windsock/live.html, line 1: UndefinedError: 'a' is undefined"),
        ("unavailable", b"{{ a.b.c }}", "/windsock/unavailable.html, line 1: UndefinedError: 'a' is undefined"),
        (
            "thing",
            BUILT_ON + b'{% block main %}<p style="color: red">{% endblock %}',
            ": the page /things/kiln has style at a <p>, which no browser will use: use a class",
        ),
        (
            "thing",
            BUILT_ON + b"{% block main %}<style>p { color: red }</style>{% endblock %}",
            ': the page /things/kiln has a style without nonce="{{ nonce }}", which no browser will use',
        ),
    ],
)
def test_a_template_with_which_no_page_can_be_made_is_named_once(
    tmp_path: Path, name: str, text: bytes, reason: str
) -> None:
    template(tmp_path, f"windsock/{name}.html", text)

    assert f"{tmp_path}/templates{reason}" == trouble(tmp_path, KILN + "[things.door]\n")
    assert not (tmp_path / "windsock.db").exists()


@pytest.mark.parametrize(
    "text",
    [
        b"{{ things[7].title.upper() }} {{ windsock.live('thing-7') }}",
        b"{% include 'nowhere.html' ignore missing %}{% include ['nowhere.html', 'windsock/parts.html'] %}",
        b'<div once only="x" on-line></div>',
        b"{% if things[0].state %}{{ things[0].data.heat }}{% endif %}",
    ],
)
def test_a_template_that_works_is_fine(tmp_path: Path, text: bytes) -> None:
    template(tmp_path, "windsock/things.html", text)

    said = passed(tmp_path, "".join(f"[things.thing-{number}]\n" for number in range(8)))
    assert "ok    templates: 1 of your own, which can be used" == said[-1]


def test_the_same_fault_in_two_templates_is_named_twice(tmp_path: Path) -> None:
    for name in ("thing", "things"):
        template(tmp_path, f"windsock/{name}.html", b"{{ a.b.c }}")
    (tmp_path / "windsock.toml").write_text(KILN)

    said = [line for line in typed("check").stdout.splitlines() if line.startswith("FAIL")]
    assert ["things.html", "thing.html"] == [line.partition(", line 1: ")[0].rpartition("/")[2] for line in said]


def test_without_a_thing_templates_are_tried_too(tmp_path: Path) -> None:
    template(tmp_path, "windsock/things.html", b"{{ 1 / 0 }}")

    assert "line 1: ZeroDivisionError" in trouble(tmp_path, MEMORY)


def template(folder: Path, name: str, text: bytes) -> None:
    path = folder / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
