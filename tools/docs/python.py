"""The public names of Python, each with its docstring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from inspect import getmembers, isclass, isfunction
from typing import get_args

from sphinx.pycode import ModuleAnalyzer

MODULES = ("windsock", "windsock.client", "windsock.testing", "windsock.errors")

LEFT_OUT: Mapping[str, str] = {
    # For Windsock itself, which is built of them; nobody else has a use for them.
    "windsock.Thing": "watched",
    "windsock.Windsock": "site, things",
    "windsock.testing.ScriptedSource": "open, check, receive, delete, close, encoding, resolution",
    "windsock.testing.TurnableClock": "on_turn",
}

CALLED = frozenset({"windsock.testing.Serve"})
"""What is there to be called."""

ALIASES: Mapping[str, str] = {"windsock.client.Liveness": "windsock.client.state"}
"""Names for types, and where they are defined, which they do not know themselves."""

RETURNED: Mapping[str, tuple[str, ...]] = {
    "windsock": ("windsock.recorder.Outcome",),
    "windsock.testing": ("windsock.testing.diary.Entry",),
}
"""What the functions of a module return, and nobody has to import."""


def markdown() -> str:
    """A section for each module."""
    return "\n".join(_section(module) for module in MODULES)


def public_names() -> Iterator[str]:
    """All names that are promised, each where it is to be imported from."""
    for name in MODULES:
        module = import_module(name)
        defined = [one for one, value in getmembers(module, isclass) if value.__module__ == name]
        yield from (f"{name}.{one}" for one in getattr(module, "__all__", defined))


def _section(module: str) -> str:
    names = [name for name in public_names() if name.rpartition(".")[0] == module]
    entries = "\n".join(_entry(name) for name in (*names, *RETURNED.get(module, ())))
    return f"## `{module}`\n\n```{{eval-rst}}\n.. py:currentmodule:: {module}\n\n{entries}```\n"


def _entry(name: str) -> str:
    module, _, short = name.rpartition(".")
    value = getattr(import_module(module), short)
    if name in ALIASES:
        return _alias(short, ALIASES[name])
    kind = "autofunction" if isfunction(value) else "autoexception" if issubclass(value, Exception) else "autoclass"
    options = {"autofunction": [], "autoexception": ["   :show-inheritance:"], "autoclass": ["   :members:"]}[kind]
    if name in CALLED:
        options.append("   :special-members: __call__")
    if name in LEFT_OUT:
        options.append(f"   :exclude-members: {LEFT_OUT[name]}")
    return "\n".join([f".. {kind}:: {name}", *options, "", ""])


def _alias(name: str, module: str) -> str:
    """One of a few words, with the text that stands below it where it is defined."""
    words = " | ".join(repr(word) for word in get_args(getattr(import_module(module), name)))
    text = ModuleAnalyzer.for_module(module).find_attr_docs()["", name]
    return "\n".join([f".. py:data:: {name}", f"   :value: {words}", "", *(f"   {line}" for line in text), ""])
