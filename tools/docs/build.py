"""Builds the documents as a site, with warnings as errors: `make docs`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from sphinx.cmd.build import main as sphinx

ROOT = Path(__file__).parents[2]
SITE = ROOT / "docs" / "_build" / "html"
READ = ROOT / "docs" / "_build" / "read"


def build() -> int:
    """0 if all is well. Else what was read is forgotten, so that a complaint comes again until it is mended."""
    options = ["-c", str(ROOT / "docs"), "-d", str(READ), "-q", "-n", "-W", "--keep-going"]
    failed = sphinx([*options, str(ROOT), str(SITE)])
    if failed:
        shutil.rmtree(READ, ignore_errors=True)
    return failed


def main() -> int:
    """Build, and say where it is."""
    failed = build()
    print("The documents do not make a site: see above" if failed else f"Docs: {(SITE / 'index.html').as_uri()}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
