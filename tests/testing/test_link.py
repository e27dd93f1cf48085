from __future__ import annotations

import json
import sys

import pytest

from tests.builders import at, state
from tests.testing.strange import CONNECTED, OPEN, event, strange
from tests.testing.test_seen import message
from tests.waiting import eventually
from windsock import WindsockError, wire
from windsock.testing import LinkLost, RecordingViewer, ViewerRefused
from windsock.testing.link import Link

SILENT = OPEN.replace("10000", "1000")


# -------------------------------------------------------------------------------------------------- coming in


def test_it_says_what_it_wants_and_gets_in() -> None:
    with strange() as (server, address), RecordingViewer(address, ["cloud"], token="a-key", counts=True):
        assert {"things": {"cloud": None}, "token": "a-key", "viewers": True} == json.loads(
            server.hears[0].removeprefix("40/windsock,")
        )


@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        (("4hello",), "the server began with '4hello', which is not Engine.IO 4"),
        ((OPEN, event("state", {})), "the server answered CONNECT with event"),
        ((OPEN, "1"), "the server closed the connection"),
    ],
)
def test_a_server_that_speaks_otherwise_is_named(greeting: tuple[str, ...], words: str) -> None:
    with strange(*greeting) as (_, address), pytest.raises(LinkLost) as lost:
        RecordingViewer(address).open()
    assert words == str(lost.value)


def test_a_refusal_comes_with_its_words_and_its_code() -> None:
    refusal = '44/windsock,{"message":"no such thing","data":{"code":"unknown_thing"}}'
    with strange(OPEN, refusal) as (_, address), pytest.raises(ViewerRefused, match="no such thing") as refused:
        RecordingViewer(address).open()
    assert "unknown_thing" == refused.value.code


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "websocket", None)

    with pytest.raises(WindsockError, match=r'pip install "windsock\[client\]"'):
        Link("ws://127.0.0.1:1/socket.io/", {})


# --------------------------------------------------------------------------------------------------- staying in


def test_pings_are_answered_and_other_namespaces_passed_over() -> None:
    with strange() as (server, address), RecordingViewer(address, ["cloud"]) as viewer:
        for packet in ("2", "40{}", '42["other",1]', '42/elsewhere,["state",{}]', event("state", message())):
            server.says.put(packet)
        viewer.sees("HUGGING")
        eventually(lambda: "3" in server.hears)


def test_a_server_that_has_gone_silent_is_noticed() -> None:
    with strange(SILENT, CONNECTED) as (_, address), RecordingViewer(address) as viewer:
        viewer.sees_link("lost")
        assert "lost: the server has gone silent" in [entry.words for entry in viewer.entries]


def test_a_server_that_says_goodbye_is_asked_again_from_where_the_viewer_was() -> None:
    with strange() as (server, address), RecordingViewer(address, ["cloud"]) as viewer:
        server.says.put(event("state", message(7)))
        viewer.sees("HUGGING")
        server.says.put("1")
        viewer.sees_link("back")
        assert {"cloud": {"epoch": "e1", "version": 7}} == json.loads(
            [heard for heard in server.hears if heard.startswith("40")][-1].removeprefix("40/windsock,")
        )["things"]


# ----------------------------------------------------------------------------------------------- the wire's rules


def test_a_lower_version_is_discarded_except_as_the_first_after_a_connect() -> None:
    with strange() as (server, address), RecordingViewer(address, ["cloud"]) as viewer:
        for version in (7, 5, 8):
            server.says.put(event("state", message(version)))
        assert [7, 8] == [viewer.sees("HUGGING").version for _ in range(2)]
        server.says.put("1")
        viewer.sees_link("back")
        server.says.put(event("state", message(3)))

        assert 3 == viewer.sees("HUGGING").version


def test_a_lower_version_is_right_after_a_refresh() -> None:
    with strange() as (server, address), RecordingViewer(address, ["cloud"]) as viewer:
        server.says.put(event("state", message(7)))
        viewer.sees("HUGGING")
        viewer.refresh()
        server.says.put(event("state", message(3)))

        assert 3 == viewer.sees("HUGGING").version


def test_clocks_of_another_version_are_passed_over() -> None:
    with strange() as (server, address), RecordingViewer(address, ["cloud"]) as viewer:
        for payload in (message(1), message(2)):
            server.says.put(event("state", payload))
        server.says.put(event("heard", wire.heard_message(state(version=1, time=at(5), stale=True), at(5))))
        server.says.put(event("heard", wire.heard_message(state(version=2, time=at(6), stale=True), at(6))))
        viewer.sees(stale=True)

        assert ([at(6)], True) == ([seen.heard_at for seen in viewer.heard()], viewer.shown().stale)
