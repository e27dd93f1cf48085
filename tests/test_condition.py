from __future__ import annotations

import pytest

from windsock import condition
from windsock.errors import SourceError


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SourceError("azure-queue://q: there is no such queue yet"), "there is no such queue yet"),
        (SourceError("the answer is no state"), "the answer is no state"),
        (RuntimeError("no heat"), "RuntimeError: no heat"),
        (SystemExit(3), "SystemExit: 3"),
    ],
)
def test_a_reason_names_no_source_again_and_tells_the_type_of_what_is_not_windsocks(
    error: BaseException, words: str
) -> None:
    assert words == condition.reason(error, "azure-queue://q")


def test_a_source_and_a_store_are_said_to_be_well_or_why_they_are_not() -> None:
    assert ("can be read", "no heat") == (condition.of_source("ok", None), condition.of_source("failing", "no heat"))
    assert "was not read yet" == condition.of_source("starting", None)
    assert ("can be written", "disk full") == (condition.of_store(None), condition.of_store("disk full"))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("inbox:", "inbox:"),
        ("python:oven:read?every=1s", "python:oven:read"),
        ("azure-queue://mlqueue?poll=1s", "azure-queue://mlqueue"),
        ("mqtt://ada:secret@host:1883/topic?key=secret", "mqtt://host:1883/topic"),
        ("redis://:s@cret@host/0", "redis://host/0"),
        ("redis://ada:se/cr?et@host/0", "redis://host/0"),
        ("sqlite:///a@b/windsock.db", "sqlite:///a@b/windsock.db"),
        ("watch:oven (read@home)", "watch:oven (read@home)"),
    ],
)
def test_an_address_is_shown_without_options_and_passwords(url: str, shown: str) -> None:
    assert shown == condition.without_secrets(url)
