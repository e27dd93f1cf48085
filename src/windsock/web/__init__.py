"""The Flask extension: pages, REST, and delivery over Flask-SocketIO. The only layer that knows Flask."""

from windsock.web.extension import Windsock
from windsock.web.thing import Thing

__all__ = ["Thing", "Windsock"]
