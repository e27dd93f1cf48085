"""Windsock shows everyone, at a glance, the live state of a real thing."""

from windsock.errors import WindsockError
from windsock.model import Reading, State
from windsock.web import Thing, Windsock

__all__ = ["Reading", "State", "Thing", "Windsock", "WindsockError"]
