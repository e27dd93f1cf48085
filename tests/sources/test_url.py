from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from windsock.errors import ConfigError
from windsock.sources import create_source
from windsock.sources.url import duration, one_of, read_options, split

OPTIONS = {"every": duration(timedelta(seconds=1), timedelta(minutes=1)), "encoding": one_of("plain", "base64")}


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("inbox:", ("inbox", "", "")),
        ("clock:?every=1s", ("clock", "", "every=1s")),
        ("azure-queue://mlqueue", ("azure-queue", "mlqueue", "")),
        ("azure-queue://mlqueue?poll=1s&visibility=2s", ("azure-queue", "mlqueue", "poll=1s&visibility=2s")),
        ("python:module:function?every=1s", ("python", "module:function", "every=1s")),
        ("clock:?a=b?c", ("clock", "", "a=b?c")),
        ("nothing", ("nothing", "", "")),
        ("", ("", "", "")),
    ],
)
def test_a_url_has_a_scheme_a_name_and_a_query(url: str, parts: tuple[str, str, str]) -> None:
    assert parts == split(url)


def test_options_are_read_each_in_its_way() -> None:
    found = read_options("x:?every=1m&encoding=base64", OPTIONS)

    assert {"every": timedelta(minutes=1), "encoding": "base64"} == found


def test_an_option_that_is_not_given_is_not_there() -> None:
    assert {} == read_options("x:", OPTIONS)


def test_a_value_may_be_percent_encoded() -> None:
    assert {"every": timedelta(seconds=1)} == read_options("x:?every=%31s", OPTIONS)


@pytest.mark.parametrize("every", ["1s", "1m", "1m0s", "30.5s"])
def test_a_duration_may_be_at_its_bounds(every: str) -> None:
    read_options(f"x:?every={every}", OPTIONS)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("evry=1s", "has the unknown option \"evry\"; did you mean 'every'?"),
        ("speed=1", 'has the unknown option "speed"; it knows every, encoding'),
        ("EVERY=1s", 'has the unknown option "EVERY"'),
        ("every=1s&every=2s", 'has the option "every" twice'),
        ("every=999ms", "every is wrong: 999ms is not between 0:00:01 and 0:01:00 (hours:minutes:seconds)"),
        ("every=61s", "every is wrong: 61s is not between"),
        ("every=-1s", "every is wrong: '-1s' is not a duration such as 500ms, 5s, 1m30s or 2h"),
        ("every", "every is wrong: '' is not a duration"),
        ("encoding=utf-16", "encoding is wrong: 'utf-16' is none of plain, base64"),
    ],
)
def test_a_wrong_option_is_refused_with_the_url_and_the_reason(query: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_options(f"x:?{query}", OPTIONS)

    assert f'found "x:?{query}", ' in str(caught.value)
    assert reason in str(caught.value)


@pytest.mark.parametrize("url", ["mqtt://broker", "inbox", "", ":", "azure_queue://mlqueue", "INBOX:", "http://x"])
def test_a_source_of_no_known_kind_is_refused_with_what_there_is(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        create_source(url, Path())

    assert (
        f'found "{url}", expected a source such as inbox:, clock:?every=1s, python:module:function?every=1s, '
        "azure-queue://NAME"
    ) == str(caught.value)
