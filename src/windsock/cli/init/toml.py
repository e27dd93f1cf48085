"""Values as TOML writes them."""

from __future__ import annotations

import json
import re

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_REFERENCE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")


def text(value: str) -> str:
    """``value`` as a basic string (TOML 1.0, "String"), which `windsock.config` reads as it is.

    JSON escapes as TOML does, but for DEL. What looks like a reference to the environment is marked as none.
    """
    return _quoted(_REFERENCE.sub(lambda found: f"${found[0]}", value))


def reference(value: str) -> str:
    """The same, but what is taken from the environment stays so."""
    return _quoted(value)


def key(name: str) -> str:
    """``name`` as a key: bare if it can be."""
    return name if _BARE.fullmatch(name) else _quoted(name)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
