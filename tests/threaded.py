"""The threaded server that Flask and Flask-SocketIO run by themselves: Werkzeug's."""

from windsock.testing.threaded import ThreadedServer

__all__ = ["ThreadedServer"]
