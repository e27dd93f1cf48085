"""Windsock shows everyone, at a glance, the live state of a real thing."""

from typing import TYPE_CHECKING, Any

from windsock.errors import WindsockError
from windsock.model import Reading, State

if TYPE_CHECKING:
    from windsock.web import Thing, Windsock

__all__ = ["Reading", "State", "Thing", "Windsock", "WindsockError"]


def __getattr__(name: str) -> Any:
    """`Windsock` and `Thing`, when they are asked for: a program that only watches does without Flask (PEP 562)."""
    if name in ("Thing", "Windsock"):
        from windsock import web

        return getattr(web, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
