"""The program ``windsock``, also as ``python -m windsock``."""

from windsock.interrupts import ended_by_ctrl_c


def main() -> None:
    """Run a command. Ctrl-C ends it quietly until all is imported, then as each command wants it."""
    with ended_by_ctrl_c():
        from windsock.cli import main as windsock
    windsock()


if __name__ == "__main__":
    main()
