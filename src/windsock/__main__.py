"""The program ``windsock``, also as ``python -m windsock``."""

import signal


def main() -> None:
    """Run a command. Ctrl-C ends it quietly until all is imported, then as each command wants it."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # else whoever started it does not want it to be heard
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from windsock.cli import main as windsock

    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, before)
    windsock()


if __name__ == "__main__":
    main()
