"""Watching from programs, in both forms, on both servers."""

from __future__ import annotations

import gc
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.following import FORMS, Following, Form, following, sees
from tests.delivery.harness import KEY, Carry, Site, build, served
from tests.servers import KILN, Server, serving
from tests.waiting import WITHIN, eventually, free_port
from windsock.client import Refused, State, UnknownThing, patience, watch


@pytest.fixture(params=[pytest.param(form, id=name) for name, form in FORMS.items()])
def form(request: pytest.FixtureRequest) -> Form:
    found: Form = request.param
    return found


@pytest.fixture
def site(carry: Carry) -> Iterator[Site]:
    with served(carry, build()) as started:
        yield started


def url(site: Site) -> str:
    return f"http://127.0.0.1:{site.port}"


def versions(program: Following) -> list[int]:
    """The versions that came new, in order."""
    return [state.version for state in program.states if state.new]


# --------------------------------------------------------------------------------------------------- what comes


def test_the_state_comes_first_and_then_each_change(site: Site, form: Form) -> None:
    site.report("cloud", "NEUTRAL")
    with following(form, url(site), "cloud") as program:
        first = sees(program, lambda state: state.live)
        assert ("cloud", "NEUTRAL", 1, 0) == (first.thing, first.state, first.version, first.gap)
        site.report("cloud", "HUGGING", force=3)
        second = sees(program, lambda state: state.state == "HUGGING")
        assert ({"force": 3}, 2, True) == (second.data, second.version, second.live)
    assert [] == [state for state in program.states if not state.live]


def test_a_slow_program_gets_the_newest_and_knows_what_it_missed(site: Site, form: Form) -> None:
    site.report("cloud", "NEUTRAL")
    with following(form, url(site), "cloud", pause=0.2) as program:
        sees(program, lambda state: state.live)
        for number in range(50):
            site.report("cloud", "HUGGING", number=number)
        sees(program, lambda state: state.version == 51)
    assert len(program.states) < 30
    assert 50 == sum(state.gap + 1 for state in program.states[1:])


def test_with_every_each_version_comes_exactly_once(site: Site, form: Form) -> None:
    site.report("cloud", "NEUTRAL")
    with following(form, url(site), "cloud", every=True, pause=0.001) as program:
        sees(program, lambda state: state.live)
        for number in range(200):
            site.report("cloud", "HUGGING", number=number)
        sees(program, lambda state: state.version == 201)
    assert list(range(1, 202)) == versions(program)
    assert [state.version - 2 for state in program.states[1:]] == [state.data["number"] for state in program.states[1:]]


def test_it_goes_on_from_a_position(site: Site, form: Form) -> None:
    positions = [site.report("cloud", "HUGGING", number=number).position for number in range(5)]
    with following(form, url(site), "cloud", every=True, since=positions[1]) as program:
        sees(program, lambda state: state.version == 5)
    assert [3, 4, 5] == versions(program)
    with following(form, url(site), "cloud", since={"cloud": positions[1]}) as program:
        assert 2 == sees(program, lambda state: state.version == 5).gap


def test_all_things_come_if_none_is_named(site: Site, form: Form) -> None:
    with following(form, url(site)) as program:
        eventually(lambda: {state.thing for state in program.states} == {"cloud", "kiln", "door", "oven"})


def test_silence_and_a_failing_source_are_told(site: Site, form: Form) -> None:
    with following(form, url(site), "door", "oven") as program:
        sees(program, lambda state: state.thing == "door")
        site.report("door", "OPEN")
        assert sees(program, lambda state: state.liveness == "silent").stale
        site.oven.fails = OSError("out of order")
        assert "oven" == sees(program, lambda state: state.liveness == "source-failing").thing


# ------------------------------------------------------------------------------------------------------ lost links


def test_windsock_is_stopped_and_started_anew(site: Site, form: Form) -> None:
    site.report("cloud", "NEUTRAL")
    with following(form, url(site), "cloud") as program:
        sees(program, lambda state: state.live)
        site.windsock.stop(site.app)
        lost = sees(program, lambda state: state.liveness == "unlinked")
        assert ("NEUTRAL", False, False) == (lost.state, lost.live, lost.new)
        site.windsock.start(site.app)
        site.report("cloud", "HUGGING")
        back = sees(program, lambda state: state.live and state.state == "HUGGING")
        # The store was in memory, so its history began anew.
        assert any(state.anew for state in program.states)
        assert site.state("cloud").position == back.position


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_is_restarted_loses_nothing(form: Form, tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path) as server, following(form, server.url, "kiln", every=True) as program:
        sees(program, lambda state: state.liveness == "unknown")
        for count in range(5):
            server.put_state("kiln", f"S{count}")
        sees(program, lambda state: state.version == 5)
        server.signal(number)
        server.wait()
        sees(program, lambda state: state.liveness == "unlinked" and state.version == 5)
        server.start()
        for count in range(5, 20):
            server.put_state("kiln", f"S{count}")
        sees(program, lambda state: state.live and state.version == 20)
    assert list(range(21)) == versions(program)
    assert [] == [state for state in program.states if state.gap or state.anew]


def test_a_server_that_hangs_is_noticed_as_soon_as_its_ping_is_overdue(
    form: Form, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "GRACE", 1.0)
    with serving(tmp_path, '[server]\nping_interval = "500ms"\nping_timeout = "60s"\n' + KILN) as server:
        server.put_state("kiln", "HOT")
        with following(form, server.url, "kiln") as program:
            _is_noticed(server, program)


def _is_noticed(server: Server, program: Following) -> None:
    sees(program, lambda state: state.live)
    before = len(program.states)
    server.signal(signal.SIGSTOP)
    try:
        lost = eventually(lambda: next((s for s in program.states[before:] if s.liveness == "unlinked"), None))
        assert lost is not None
        assert "HOT" == lost.state
    finally:
        server.signal(signal.SIGCONT)
    eventually(lambda: program.states[-1].live)


def test_after_the_machine_slept_nothing_is_live_until_the_server_has_said_so_anew(
    site: Site, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept = 0.0
    monkeypatch.setattr(patience, "awake_or_not", lambda: time.monotonic() + slept)
    site.report("cloud", "HUGGING")
    with following(form, url(site), "cloud") as program:
        sees(program, lambda state: state.live)
        slept = 300.0
        last = sees(program, lambda state: state.liveness == "unlinked")
        assert ("HUGGING", "this machine slept") == (last.state, last.reason)
        eventually(lambda: program.states[-1].live)
        assert ["live", "unlinked", "live"] == [state.liveness for state in program.states]


def test_a_server_that_is_not_there_yet_is_waited_for(form: Form, tmp_path: Path) -> None:
    (tmp_path / "windsock.toml").write_text(KILN)
    server = Server(tmp_path, {}, "serve")
    with following(form, server.url, "kiln") as program:
        unlinked = sees(program, lambda state: state.liveness == "unlinked")
        assert ("kiln", None, 0) == (unlinked.thing, unlinked.state, unlinked.version)
        assert unlinked.reason
        server.start()
        try:
            sees(program, lambda state: state.liveness == "unknown")
            program.end()
        finally:
            server.kill()
    assert ["unlinked", "unknown"] == [state.liveness for state in program.states][:2]


def test_where_websockets_do_not_get_through_polling_does(form: Form, carry: Carry) -> None:
    built = build()
    inner = built.socketio.server.eio
    inner.transports = ["polling"]
    with served(carry, built) as site, following(form, url(site), "cloud") as program:
        site.report("cloud", "HUGGING")
        sees(program, lambda state: state.live and state.state == "HUGGING")
        site.report("cloud", "NEUTRAL")
        sees(program, lambda state: state.state == "NEUTRAL")


# -------------------------------------------------------------------------------------------------------- refusals


def test_an_unknown_thing_ends_it_in_words(site: Site, form: Form) -> None:
    with following(form, url(site), "fog") as program:
        eventually(lambda: program.error)
    assert isinstance(program.error, UnknownThing)
    assert "there is no thing 'fog'" == str(program.error)


def test_a_socket_io_server_without_windsock_ends_it_in_words(form: Form, tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("from flask import Flask\nfrom flask_socketio import SocketIO\n"
                                       "app = Flask('plain')\nSocketIO(app, async_mode='threading')\n")  # fmt: skip
    with (
        serving(tmp_path, None, verb="run", arguments=["plain:app"]) as server,
        following(form, server.url, "cloud") as program,
    ):
        eventually(lambda: program.error)
    assert isinstance(program.error, Refused)
    assert "no Windsock" in str(program.error)


def test_a_token_is_sent_along(carry: Carry, form: Form) -> None:
    with (
        served(carry, build(WINDSOCK_PUBLISHER_KEY=KEY)) as site,
        following(form, url(site), "cloud", token=KEY) as program,
    ):
        sees(program, lambda state: state.thing == "cloud")


# ----------------------------------------------------------------------------------------------------------- ending


def test_a_loop_that_is_left_leaves_nothing(site: Site) -> None:
    threads = set(threading.enumerate())
    for state in watch(url(site), "cloud"):
        assert "cloud" == state.thing
        break
    gc.collect()
    eventually(lambda: not [t for t in threading.enumerate() if t not in threads and "_loop" in t.name])


def test_a_closed_one_gives_nothing_more(site: Site) -> None:
    with watch(url(site), "cloud") as states:
        assert isinstance(next(states), State)
        states.close()
        states.close()
        assert [] == list(states)


def test_it_can_be_ended_from_another_thread_while_it_waits(form: Form) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        following(form, f"http://127.0.0.1:{silent.getsockname()[1]}", "cloud"),
    ):
        silent.accept()[0].close()
        silent.close()  # a second attempt finds nobody, and does not wait for an answer
    with following(form, f"http://127.0.0.1:{free_port()}", "cloud") as program:
        sees(program, lambda state: state.liveness == "unlinked")
        start = time.monotonic()
    assert time.monotonic() - start < WITHIN


def test_presence_counts_it_while_it_watches(site: Site, form: Form) -> None:
    with following(form, url(site), "cloud") as program:
        sees(program, lambda state: state.thing == "cloud")
        assert 1 == site.carried.held()
    eventually(lambda: site.carried.held() == 0)


def test_the_client_does_not_need_flask() -> None:
    code = (
        "import sys, windsock.client\n"
        "print(sorted({'flask', 'werkzeug', 'flask_socketio', 'pydantic'} & set(sys.modules)))"
    )
    assert "[]" == subprocess.check_output([sys.executable, "-c", code], text=True).strip()


@pytest.mark.parametrize(
    ("call", "package", "extra"), [("watch", "websocket", "client"), ("awatch", "aiohttp", "client-asyncio")]
)
def test_a_package_that_is_missing_is_named_with_what_to_install(call: str, package: str, extra: str) -> None:
    code = (
        f"import sys; sys.modules['{package}'] = None\n"
        "import windsock.client\n"
        f"try: windsock.client.{call}('http://127.0.0.1', 'cloud')\n"
        "except windsock.client.NotInstalled as error: print(error)"
    )
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert f"{package} is not installed: pip install 'windsock[{extra}]'" == said.strip()
