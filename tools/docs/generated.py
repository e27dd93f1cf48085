"""Parts of a page that are generated: a line such as ``<!-- generated: commands -->`` makes place for one.

A code host shows nothing there; the site shows what it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from tools.docs import commands, contents, operations, python, types

ROOT = Path(__file__).parents[2]
MARK = re.compile(r"^<!-- generated: (\w+) -->$", re.MULTILINE)
FOLDER = re.compile(r"\]\((?!\w+:)([^)\s]*/)\)")
README = r"](\1README.md)"


@dataclass(frozen=True, slots=True)
class Part:
    """``write`` makes Markdown of a page's own text; ``made_from`` are the files after which it has to be made anew."""

    write: Callable[[str], str]
    made_from: str


PARTS: Mapping[str, Part] = {
    "commands": Part(lambda _: commands.markdown(), "src/windsock/cli/**/*.py"),
    "contents": Part(contents.markdown, "tools/docs/*.py"),
    "decisions": Part(lambda _: contents.NUMBERED, "docs/decisions/*.md"),
    "operations": Part(lambda _: operations.markdown(), "src/windsock/web/**/*.py"),
    "python": Part(lambda _: python.markdown(), "src/windsock/**/__init__.py"),
    "types": Part(lambda _: types.markdown(ROOT), "src/windsock/web/js/*.d.ts"),
}


def fill(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put the generated parts into a page, and lead its links to folders to what a code host shows of them."""
    text = FOLDER.sub(README, source[0])

    def part(mark: re.Match[str]) -> str:
        wanted = PARTS[mark[1]]
        for path in (*ROOT.glob(wanted.made_from), *ROOT.glob("tools/docs/*.py")):
            app.env.note_dependency(path, docname=docname)
        return wanted.write(text)

    source[0] = MARK.sub(part, text)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
