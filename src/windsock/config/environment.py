"""``${NAME}`` in any string of the configuration is taken from the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# "$${NAME}" is how to write "${NAME}" itself.
_REFERENCE = re.compile(r"\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def substitute(value: Any, environ: Mapping[str, str], key: str = "") -> tuple[Any, list[str]]:
    """``value`` with every reference replaced, and a problem for each name that is not set."""
    if isinstance(value, str):
        return _in_text(value, environ, key)
    problems: list[str] = []
    if isinstance(value, dict):
        items = {}
        for name, item in value.items():
            items[name], more = substitute(item, environ, f"{key}.{name}".removeprefix("."))
            problems += more
        return items, problems
    if isinstance(value, list):
        pairs = [substitute(item, environ, f"{key}[{index}]") for index, item in enumerate(value)]
        return [item for item, _ in pairs], [problem for _, more in pairs for problem in more]
    return value, problems


def _in_text(text: str, environ: Mapping[str, str], key: str) -> tuple[str, list[str]]:
    names = [match[1] for match in _REFERENCE.finditer(text) if not match[0].startswith("$$")]
    problems = [
        f"{key}: found ${{{name}}}, but the environment variable {name} is not set"
        for name in dict.fromkeys(names)
        if name not in environ
    ]
    return _REFERENCE.sub(lambda match: _value(match, environ), text), problems


def _value(match: re.Match[str], environ: Mapping[str, str]) -> str:
    return match[0][1:] if match[0].startswith("$$") else environ.get(match[1], "")
