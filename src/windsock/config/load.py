"""From the text of a `windsock.toml` to a `Config`, or to a list of all that is wrong with it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from windsock.config.environment import substitute
from windsock.config.model import File, LimitsTable, ServerTable, StoreTable, ThingTable
from windsock.config.problems import describe, explain
from windsock.errors import ConfigError
from windsock.model import Look, ThingSpec


@dataclass(frozen=True)
class Config:
    """A whole configuration. ``base`` is the folder that relative paths in it start from."""

    server: ServerTable
    store: StoreTable
    things: Mapping[str, ThingSpec]
    base: Path
    path: Path | None = None
    limits: LimitsTable = field(default_factory=LimitsTable)


def default_config(base: Path) -> Config:
    """What counts where there is no file: nothing is watched yet, states are kept in ``base``."""
    return Config(ServerTable(), StoreTable(), {}, base)


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """The configuration in a file.

    Raises ConfigError, with the file, the key, what was found and what is expected, for all that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; --config names another") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    config = replace(parse(text, environ, path.parent.resolve(), str(path)), path=path)
    missing = [problem for spec in config.things.values() for problem in missing_images(spec, str(path))]
    missing += [f"{path}: {problem}" for problem in _missing_certificates(config.server)]
    if missing:
        raise ConfigError(missing)
    return config


def parse(text: str, environ: Mapping[str, str], base: Path, where: str = "windsock.toml") -> Config:
    """The configuration that a TOML text says; pure. Raises ConfigError as `load` does."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: not TOML: {error}") from None
    values, problems = substitute(raw, environ)
    if problems:
        raise ConfigError([f"{where}: {problem}" for problem in problems])
    try:
        file = File.model_validate(values)
    except ValidationError as error:
        raise ConfigError([f"{where}: {problem}" for problem in explain(error, File)]) from None
    problems = [p for name, table in file.things.items() for p in _contradictions(f"things.{name}", table)]
    problems += _half_certificate(file.server)
    if problems:
        raise ConfigError([f"{where}: {problem}" for problem in problems])
    things = {name: _spec(name, table, base) for name, table in file.things.items()}
    return Config(_with_paths(file.server, base), file.store, things, base, limits=file.limits)


def make_spec(name: str, options: Mapping[str, Any], base: Path) -> ThingSpec:
    """The thing that Python code describes with the keys of ``[things.<thing>]``.

    ``states`` may also be a sequence of names. Raises ConfigError for all that is wrong.
    """
    where = f"thing({name!r})"
    values = dict(options)
    if isinstance(values.get("states"), list | tuple):
        values["states"] = {state: {} for state in values["states"]}
    try:
        table = File.model_validate({"things": {name: values}}).things[name]
    except ValidationError as error:
        problems = [problem.removeprefix(f"things.{name}.") for problem in explain(error, File)]
        raise ConfigError([f"{where}: {problem}" for problem in problems]) from None
    problems = [f"{where}: {problem.removeprefix('.')}" for problem in _contradictions("", table)]
    if problems:
        raise ConfigError(problems)
    return _spec(name, table, base)


def missing_images(spec: ThingSpec, where: str) -> list[str]:
    """A problem for every picture of a thing that is no readable file."""
    return [
        f"{where}: things.{spec.name}.states.{state}.image: no such file: {look.image}"
        for state, look in spec.states.items()
        if look.image and not look.image.is_file()
    ]


def _contradictions(key: str, table: ThingTable) -> list[str]:
    problems = []
    if table.rest_after and not table.rest:
        problems.append(f'{key}.rest_after: found without "rest", the state to go to')
    if table.rest and table.rest == table.offline:
        problems.append(f"{key}.offline: found {describe(table.offline)} for rest too, expected another state")
    if table.offline and table.rest_after and table.offline_after and table.offline_after <= table.rest_after:
        problems.append(f"{key}.offline_after: expected longer than rest_after, or the thing never rests")
    return problems


def _half_certificate(server: ServerTable) -> list[str]:
    if (server.certificate is None) == (server.certificate_key is None):
        return []
    return ["server.certificate and server.certificate_key: found one of them, expected both or none"]


def _missing_certificates(server: ServerTable) -> list[str]:
    named = {"certificate": server.certificate, "certificate_key": server.certificate_key}
    return [f"server.{key}: no such file: {path}" for key, path in named.items() if path and not path.is_file()]


def _with_paths(server: ServerTable, base: Path) -> ServerTable:
    if server.certificate is None or server.certificate_key is None:
        return server
    return server.model_copy(
        update={"certificate": base / server.certificate, "certificate_key": base / server.certificate_key}
    )


def _spec(name: str, table: ThingTable, base: Path) -> ThingSpec:
    looks = {
        state: Look(look.label, base / look.image if look.image else None, look.color)
        for state, look in table.states.items()
    }
    return ThingSpec(
        name=name,
        title=table.title or name.replace("-", " ").capitalize(),
        source=table.source,
        backlog=table.backlog,
        rest=table.rest,
        rest_after=table.rest_after,
        offline=table.offline,
        offline_after=table.offline_after,
        keep=table.keep,
        states=looks,
    )
