"""The huggable cloud, with a simulated pillow."""

from pathlib import Path

from windsock.demo.pillow import Pillow

__all__ = ["CONFIG", "Pillow"]

CONFIG = Path(__file__).parent / "windsock.toml"
