"""Everything that Windsock raises on purpose.

A message is written for the person who can mend the matter: what happened, where, what to do. The
command line and the REST interface show it as it is, without a traceback.
"""

from __future__ import annotations

from collections.abc import Sequence


class WindsockError(Exception):
    """The base of all errors that Windsock raises on purpose."""


class ConfigError(WindsockError):
    """The configuration is wrong; every problem found is listed, not only the first."""

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class NotStarted(WindsockError):
    """The runtime was needed before it was started."""


class UnknownThing(WindsockError):
    """No thing has this name."""


class Denied(WindsockError):
    """The caller may not do this. ``status`` is HTTP's: 401 if a key would help, else 403."""

    def __init__(self, text: str, status: int = 403) -> None:
        super().__init__(text)
        self.status = status


class NotReportable(WindsockError):
    """The thing's states come from a source of its own, so nobody else may report them."""


class BadReading(WindsockError):
    """A message that cannot be understood, or that its thing cannot accept; the text is the reason."""


class UnknownState(BadReading):
    """The reading names a state that the thing does not have."""


class ReadingTooLarge(BadReading):
    """The reading's data, or the message itself, are larger than the limit."""


class SourceError(WindsockError):
    """A source cannot be read now: it is tried again, with backoff."""


class StoreError(WindsockError):
    """The store cannot be opened, read or written."""


class StoreInUse(StoreError):
    """Somebody watches with this store already: another process, or another application in this one.

    ``holder`` says who.
    """

    def __init__(self, message: str, holder: str = "another process") -> None:
        super().__init__(message)
        self.holder = holder
