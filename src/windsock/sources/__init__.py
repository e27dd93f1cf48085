"""Sources: where readings come from. `create_source` chooses one by its URL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from windsock.errors import ConfigError
from windsock.sources.base import Message, Source, Wait
from windsock.sources.clock import ClockSource
from windsock.sources.function import Function, FunctionSource, import_function
from windsock.sources.inbox import InboxSource
from windsock.sources.url import duration, one_of, presentable, read_options, split

__all__ = ["Function", "FunctionSource", "Message", "Source", "Wait", "create_source", "name_once"]

_EVERY = duration(timedelta(milliseconds=10), timedelta(days=1))


def create_source(url: str, base: Path) -> Source:
    """The source that a URL names, not yet opened; ``base`` is the folder of the configuration.

    Raises ConfigError, which says what was found and what is expected, if it names none.
    """
    kinds: dict[str, Callable[[str, Path], Source]] = {
        "inbox": _inbox,
        "clock": _clock,
        "python": _function,
        "azure-queue": _azure_queue,
    }
    scheme = split(url)[0]
    if ":" not in url or scheme not in kinds:
        known = "inbox:, clock:?every=1s, python:module:function?every=1s, azure-queue://NAME"
        raise ConfigError(f'found "{presentable(url)}", expected a source such as {known}')
    return kinds[scheme](url, base)


def name_once(source: Source, url: str, urls: dict[str, str]) -> None:
    """Note by which URL a source is named. Raises ConfigError if that was another before.

    For each would get a watcher of its own, and take the other one's messages away.
    """
    if urls.setdefault(source.name, url) != url:
        raise ConfigError(f"{source.name} is named as {urls[source.name]} and as {url}; name it alike")


def _inbox(url: str, _base: Path) -> Source:
    read_options(url, {})
    if url != "inbox:":  # known by this name wherever it is asked whether a thing may be reported
        raise ConfigError(f'found "{url}", expected "inbox:" with nothing behind it')
    return InboxSource()


def _clock(url: str, _base: Path) -> Source:
    options = read_options(url, {"every": _EVERY})
    if split(url)[1]:
        raise ConfigError(f'found "{url}", expected "clock:" or "clock:?every=1s"')
    return ClockSource(url, options.get("every", timedelta(seconds=1)))


def _function(url: str, base: Path) -> Source:
    options = read_options(url, {"every": _EVERY})
    path = split(url)[1]
    if not all(part.isidentifier() for part in path.replace(":", ".").split(".")) or path.count(":") != 1:
        raise ConfigError(f'found "{url}", expected python:module:function?every=1s')
    load = partial(import_function, path, base)
    return FunctionSource(f"python:{path}", load, options.get("every", timedelta(seconds=1)))


def _whole_seconds(text: str) -> timedelta:
    """Azure counts the visibility timeout in seconds, from one to seven days of them."""
    value = duration(timedelta(seconds=1), timedelta(days=7))(text)
    if value % timedelta(seconds=1):
        raise ValueError(f"{text} is no whole number of seconds")
    return value


def _azure_queue(url: str, _base: Path) -> Source:
    try:
        from windsock.sources.azure_queue import AzureQueueSource
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("azure"):
            raise
        raise ConfigError(f'found "{url}", which needs the Azure SDK: pip install "windsock[azure]"') from None
    options = read_options(
        url,
        {
            "visibility": _whole_seconds,
            "poll": duration(timedelta(milliseconds=50), timedelta(minutes=5)),
            "encoding": one_of("auto", "plain", "base64"),
        },
    )
    return AzureQueueSource.from_environment(split(url)[1], **options)
