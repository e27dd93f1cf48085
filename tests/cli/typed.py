"""A command as it is typed, run in this process."""

from __future__ import annotations

from click.testing import CliRunner, Result

from windsock.cli import main


def typed(*arguments: str) -> Result:
    """What became of ``windsock`` with arguments; a mistake in it comes through."""
    return CliRunner().invoke(main, arguments, catch_exceptions=False, prog_name="windsock")


def succeeded(*arguments: str) -> str:
    """What a command printed that went well."""
    result = typed(*arguments)
    assert 0 == result.exit_code, result.output
    return result.stdout


def failed(*arguments: str, code: int = 1) -> str:
    """What a command said that went wrong; it printed nothing else."""
    result = typed(*arguments)
    assert (code, "") == (result.exit_code, result.stdout), result.output
    return result.stderr
