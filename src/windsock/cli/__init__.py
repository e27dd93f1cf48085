"""The command line."""

from windsock.cli.main import main

__all__ = ["main"]
