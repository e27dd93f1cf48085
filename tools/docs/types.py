"""The types of the page's script: the file with which the scripts themselves are checked."""

from __future__ import annotations

from pathlib import Path


def markdown(root: Path) -> str:
    """The file, whole."""
    text = (root / "src" / "windsock" / "web" / "js" / "windsock.d.ts").read_text()
    return f"```typescript\n{text}```\n"
