"""Configuration: `windsock.toml` and what it means."""

from windsock.config.load import Config, default_config, load, make_spec, missing_images, parse
from windsock.config.override import override

__all__ = ["Config", "default_config", "load", "make_spec", "missing_images", "override", "parse"]
