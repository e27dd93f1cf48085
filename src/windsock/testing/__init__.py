"""For tests of applications that have Windsock in them: see `docs/testing.md`."""

from windsock.testing.clock import TurnableClock
from windsock.testing.link import LinkLost, ViewerRefused
from windsock.testing.seen import Gap, Seen
from windsock.testing.server import LiveServer
from windsock.testing.serving import Serve
from windsock.testing.source import ScriptedSource
from windsock.testing.viewer import RecordingViewer

__all__ = [
    "Gap",
    "LinkLost",
    "LiveServer",
    "RecordingViewer",
    "ScriptedSource",
    "Seen",
    "Serve",
    "TurnableClock",
    "ViewerRefused",
]
