"""Windsock's own Socket.IO server: one asyncio loop, built for many viewers of the same states."""

from windsock.engine.application import Application
from windsock.engine.engine import Engine
from windsock.engine.limits import Limits
from windsock.engine.options import Options
from windsock.engine.server import EngineServer, Tls
from windsock.engine.session import Session
from windsock.engine.state_site import Refused, StateSite

__all__ = [
    "Application",
    "Engine",
    "EngineServer",
    "Limits",
    "Options",
    "Refused",
    "Session",
    "StateSite",
    "Tls",
]
