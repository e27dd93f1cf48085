"""A page's lists of links are its table of contents: each heading's list is a part of the site's."""

from __future__ import annotations

import re
from collections.abc import Iterator

SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)#\s]+)\.md\)", re.MULTILINE)

NUMBERED = "```{toctree}\n:glob:\n:maxdepth: 1\n\n[0-9]*\n```\n"
"""The documents of a page's folder whose names begin with a number."""


def markdown(text: str) -> str:
    """The tables of contents, which are not shown: the page has its lists."""
    return "\n".join(_table(caption, entries) for caption, entries in parts(text) if entries)


def parts(text: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each heading ("" before the first), with the titles and names of the documents that it lists."""
    first, *rest = SECTION.split(text)
    for caption, body in zip(["", *rest[::2]], [first, *rest[1::2]], strict=True):
        yield caption, ENTRY.findall(body)


def _table(caption: str, entries: list[tuple[str, str]]) -> str:
    lines = [f"{title} <{name}>" for title, name in entries]
    return "\n".join(["```{toctree}", ":hidden:", *[f":caption: {caption}"] * bool(caption), "", *lines, "```", ""])
