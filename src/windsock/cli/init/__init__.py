"""`windsock init`: a configuration to start from, with pictures and a page to own."""

from windsock.cli.init.command import init

__all__ = ["init"]
