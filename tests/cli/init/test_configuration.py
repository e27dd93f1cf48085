from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import unhurried
from windsock.cli.init import toml
from windsock.cli.init.answers import Answers
from windsock.cli.init.configuration import configuration, label
from windsock.config import parse

# What people can type: all but control characters, and halves of a character.
typed_text = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60).filter(str.strip)
names = typed_text.map(str.strip).filter(lambda text: len(text) <= 64)


def answers(**said: Any) -> Answers:
    usual: dict[str, Any] = {
        "thing": "door",
        "title": "The door",
        "states": ("OPEN", "SHUT"),
        "source": "inbox:",
        "silence": "1h",
    }
    return Answers(**(usual | {"host": "127.0.0.1", "port": 5000} | said))


def uncommented(text: str) -> str:
    """What the file says when all its offers are taken."""
    return re.sub(r"^# (?=[a-z_]+ = )", "", text, flags=re.MULTILINE)


@unhurried
@given(st.text())
def test_any_text_is_read_as_it_was_written(text: str) -> None:
    if any("\ud800" <= char <= "\udfff" for char in text):
        return
    assert {"a": text} == tomllib.loads(f"a = {toml.reference(text)}")
    assert {text: 1} == tomllib.loads(f"{toml.key(text)} = 1")


@unhurried
@given(typed_text, st.lists(names, min_size=1, max_size=5, unique=True))
def test_whatever_things_and_states_are_called_the_file_says_so(title: str, states: list[str]) -> None:
    text = configuration(answers(title=title, states=tuple(states)))
    door = parse(text, {}, Path()).things["door"]
    assert title == door.title
    assert states == list(door.states)
    assert all(door.label(state) for state in states)


@pytest.mark.parametrize(
    "title", ["${HOME}", "$${HOME}", "$$${A} ${B}", '"; \\n # \\', "'''", "a\x7fb", "=cmd|' /C calc'"]
)
def test_a_title_is_no_reference_and_no_escape(title: str) -> None:
    assert title == parse(configuration(answers(title=title)), {}, Path()).things["door"].title


def test_a_source_may_refer_to_the_environment() -> None:
    text = configuration(answers(source="azure-queue://${QUEUE}"))
    assert "azure-queue://doors" == parse(text, {"QUEUE": "doors"}, Path()).things["door"].source


@pytest.mark.parametrize("silence", ["1h", "30s", "1s", "2ms", None])
@pytest.mark.parametrize("states", [("OPEN", "SHUT"), ("ONLINE", "OFFLINE"), ("ON",)])
def test_every_offer_in_the_comments_can_be_taken(silence: str | None, states: tuple[str, ...]) -> None:
    text = uncommented(configuration(answers(silence=silence, states=states)))
    config = parse(text, {"WINDSOCK_KEY": "a-key"}, Path())
    door = config.things["door"]
    assert "a-key" == config.server.publisher_key
    assert states[-1] == door.rest
    assert door.offline
    assert door.offline_after


def test_the_parts_of_the_file_say_what_was_answered() -> None:
    config = parse(configuration(answers(host="0.0.0.0", port=8080, silence="5m")), {}, Path("/base"))  # noqa: S104
    assert ("0.0.0.0", 8080) == (config.server.host, config.server.port)  # noqa: S104
    assert timedelta(days=90) == config.store.keep
    assert timedelta(minutes=5) == config.things["door"].offline_after
    assert Path("/base/images/open.svg") == config.things["door"].states["OPEN"].image


def test_a_thing_that_may_be_silent_for_ever_has_no_limit() -> None:
    assert parse(configuration(answers(silence=None)), {}, Path()).things["door"].offline_after is None


@pytest.mark.parametrize(
    ("state", "words"),
    [("OPEN", "Open"), ("NOT_CONNECTED", "Not connected"), ("Come in", "Come in"), ("_", "_"), ("ÖFFEN", "Öffen")],
)
def test_labels_are_made_of_names(state: str, words: str) -> None:
    assert words == label(state)
