"""The text of the `windsock.toml` to begin with: what counts, and as comments what else there is."""

from __future__ import annotations

from datetime import timedelta

from windsock.cli.init import toml
from windsock.cli.init.answers import Answers
from windsock.cli.init.palette import looks
from windsock.cli.init.pictures import file_names
from windsock.times import parse_duration

_TEXT = """\
# What Windsock watches here, and how it shows it. `windsock check` tries this file, `windsock serve` serves it.
# Paths start from this folder; ${{NAME}} in a text is taken from the environment; durations are 500ms, 5s, 1m30s, 2h.

[server]
host = {host}  # "0.0.0.0": other machines may look, too
port = {port}
# Without a key only programs on this machine may report. To let others:
# publisher_key = "${{WINDSOCK_KEY}}"

[store]
url = "sqlite:///windsock.db"  # a file in this folder; "memory:" forgets all when Windsock ends
keep = "90d"  # how long changes are kept; without this line: for ever

# A thing; its name is part of addresses. For another one, write another [things.NAME].
[things.{thing}]
title = {title}
{source}
{silence}

# Where it goes by itself when nothing was heard for a while, if there is such a state:
# rest = {rest}
# rest_after = "{rest_after}"

# By silence it only counts as not live, and keeps its state. To give silence a state of its own:
# offline = "{offline}"

# Its states. label: what people read. image: a picture of yours, SVG, PNG, … color: "#8fb8de", or "teal".
# No other states are accepted, so that a slip of the pen is noticed; without this table, all are.
[things.{thing}.states]
{states}
"""
_SOURCES = {
    "inbox": "# inbox: readings are sent: by `windsock send`, by one HTTP request, or from a page.",
    "azure-queue": "# The connection string is in the environment: AZURE_STORAGE_CONNECTION_STRING.",
    "python": "# A function, asked every so often: it gives a state's name, a windsock.Reading, or None (nothing new).",
}


def configuration(answers: Answers) -> str:
    """The whole file."""
    return _TEXT.format(
        host=toml.text(answers.host),
        port=answers.port,
        thing=answers.thing,
        title=toml.text(answers.title),
        source="\n".join(_source(answers)),
        silence=_silence(answers.silence),
        rest=toml.text(answers.states[-1]),
        rest_after=_rest_after(answers.silence),
        offline=_offline(answers.states),
        states="\n".join(_states(answers)),
    )


def label(state: str) -> str:
    """Words for a state, made of its name."""
    words = " ".join(state.replace("_", " ").split())
    return (words.capitalize() if words.isupper() else words) or state


def _source(answers: Answers) -> list[str]:
    said = [_SOURCES[answers.kind]] if answers.kind in _SOURCES else []
    return [*said, f"source = {toml.reference(answers.source)}"]


def _silence(silence: str | None) -> str:
    if silence is None:
        return '# Unheard for so long, it is shown as not live:\n# offline_after = "1h"'
    return f'offline_after = "{silence}"  # unheard for so long, it is shown as not live'


def _rest_after(silence: str | None) -> str:
    """Sooner than it counts as silent, or it would never rest."""
    limit = parse_duration(silence) if silence else timedelta.max
    return "30s" if limit > timedelta(seconds=30) else f"{max(limit // timedelta(milliseconds=2), 1)}ms"


def _offline(states: tuple[str, ...]) -> str:
    """A name that is not that of the state at rest."""
    return next(name for name in ("OFFLINE", "NOTCONNECTED", "SILENT", "UNHEARD") if name not in states[-1:])


def _states(answers: Answers) -> list[str]:
    files, colors = file_names(answers.states), looks(answers.states)
    return [
        f"{toml.key(state)} = {{ label = {toml.text(label(state))}, "
        f'image = "images/{files[state]}", color = "{colors[state][0]}" }}'
        for state in answers.states
    ]
