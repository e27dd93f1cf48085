"""Templates that an application may put its own in the place of, and build upon."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from flask import Blueprint
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, PrefixLoader


class Overridable(Blueprint):
    """A blueprint whose template ``windsock/x.html`` is also ``windsock/built-in/x.html``.

    By the first name an application's own template is found before it; with the second one, that template can extend
    the one that it stands in for.
    """

    @cached_property
    def jinja_loader(self) -> BaseLoader:
        """Where its templates are looked for, after the application's."""
        assert self.template_folder is not None
        folder = Path(self.template_folder)
        built_in = PrefixLoader({"windsock": FileSystemLoader(folder / "windsock")}, delimiter="/built-in/")
        return ChoiceLoader([FileSystemLoader(folder), built_in])
