"""What a name in a docstring or a signature leads to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from inspect import isclass, isfunction, isgeneratorfunction, unwrap
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from tools.docs.python import public_names

NAMED = re.compile(r"<(?:class|function) '?([\w.]+)'?[^>]*>")
"""A default that Python has no way to write but its name."""

MADE_FOR_YOU = frozenset({"windsock.Thing", "windsock.client.Watch", "windsock.testing.Serve"})
"""Classes that nobody makes by their constructor: its arguments are not told."""


@cache
def public() -> Mapping[str, str]:
    """Where a name is promised, by where it is defined: annotations say the latter."""
    found = {}
    for name in public_names():
        module, _, short = name.rpartition(".")
        value = getattr(import_module(module), short)
        found[f"{getattr(value, '__module__', module)}.{short}"] = name
    return found


@cache
def errors() -> Mapping[str, str]:
    """Every public error by its short name: docstrings say what is raised in plain words."""
    # What stands in several modules is told of in `windsock.errors`, the last one.
    return {name.rpartition(".")[2]: name for name in public_names() if is_error(name)}


def is_error(name: str) -> bool:
    """Whether it is an exception's."""
    module, _, short = name.rpartition(".")
    value = getattr(import_module(module), short)
    return isclass(value) and issubclass(value, Exception)


def lead(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement) -> nodes.Element | None:
    """Follow a name to where it is documented; one in backquotes that is not is code."""
    if node.get("refdomain") != "py":
        return None
    promised = public().get(node["reftarget"])
    if promised is not None:
        domain = env.domains.python_domain
        return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", promised, node, content)
    return content if node["reftype"] == "obj" else None


def link_errors(app: Sphinx, what: str, name: str, value: object, options: object, lines: list[str]) -> None:
    """Make links of the errors that a docstring names."""
    words = re.compile(rf"(?<![`\w.])({'|'.join(errors())})(?![`\w])")
    lines[:] = [words.sub(lambda word: f":py:obj:`~{errors()[word[1]]}`", line) for line in lines]


def tell_arguments(
    app: Sphinx, what: str, name: str, value: object, options: object, arguments: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """What stands behind a name, as one would write it; of a class that is made for you, nothing."""
    if name in MADE_FOR_YOU:
        return "", None
    if isfunction(value) and isgeneratorfunction(unwrap(value)) and not isgeneratorfunction(value):
        returned = "~contextlib.AbstractContextManager"
    return arguments and NAMED.sub(r"\1", arguments.replace("<factory>", "{}")), returned


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("missing-reference", lead)
    app.connect("autodoc-process-docstring", link_errors)
    app.connect("autodoc-process-signature", tell_arguments)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
