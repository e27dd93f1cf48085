"""How a source or a store is, in words: the log, `windsock check`, REST and the operator's page say the same."""

from __future__ import annotations

from windsock.errors import WindsockError

_OF_SOURCE = {"ok": "can be read", "starting": "was not read yet", "stopped": "is not read any more"}


def reason(error: BaseException, name: str) -> str:
    """Why something named ``name`` fails; wherever that is said, its name is said too.

    Windsock's own errors are sentences; of all others the type is told, which is often all that they say.
    """
    text = str(error) if isinstance(error, WindsockError) else f"{type(error).__name__}: {error}"
    return text.removeprefix(f"{name}: ")


def line(name: str, words: str) -> str:
    """Something by its name, and how it is. Some names are URLs that end in a colon."""
    return f"{name.removesuffix(':')}: {words}"


def hangs(seconds: float) -> str:
    """Why something fails that does not answer."""
    return f"no answer for {seconds:.0f} seconds; it is still being waited for"


def of_source(status: str, why: str | None) -> str:
    """How a source is; ``why`` it fails, if it does."""
    return why or _OF_SOURCE.get(status, status)


def of_store(why: str | None) -> str:
    """How a store is; ``why`` it fails, if it does."""
    return why or "can be written"


def without_secrets(url: str) -> str:
    """A source's or a store's URL without its options, and without what may stand for a user and a password.

    Those may hold any character, also one that would end them; so if in doubt, more is left out.
    """
    scheme, mark, rest = url.partition("://")
    if mark and not rest.startswith("/"):
        rest = rest.rpartition("@")[2]
    return f"{scheme}{mark}{rest}".partition("?")[0]
