"""Unmodified Flask-SocketIO applications on Windsock's engine."""

from windsock.web.carrier.adapt import adapted
from windsock.web.carrier.application import CarriedApplication
from windsock.web.carrier.environ import Refused, make_environ, through_middleware
from windsock.web.carrier.install import install, options_of
from windsock.web.carrier.load import load_app

__all__ = [
    "CarriedApplication",
    "Refused",
    "adapted",
    "install",
    "load_app",
    "make_environ",
    "options_of",
    "through_middleware",
]
