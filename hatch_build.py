"""Puts the browser libraries that Windsock serves into the package, at the versions in package-lock.json."""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("src/windsock/web/static/vendor")
# What we serve of each package, and whose code is inside that file: their licences go wherever it goes.
LIBRARIES = {
    "jquery": ("dist/jquery.min.js", ["jquery"]),
    "socket.io-client": (
        "dist/socket.io.min.js",
        [
            "socket.io-client",
            "socket.io-parser",
            "engine.io-client",
            "engine.io-parser",
            "@socket.io/component-emitter",
        ],
    ),
}
SOURCE_MAP = re.compile(rb"^//# sourceMappingURL=.*\n?", re.MULTILINE)
NPM_CI = ["ci", "--omit=dev", "--ignore-scripts", "--loglevel=error"]


class FetchError(Exception):
    """The libraries are neither here nor to be had; the text says what to do."""


class VendorHook(BuildHookInterface[Any]):
    """Runs before every build: editable, wheel and sdist."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        try:
            provide(Path(self.root))
        except FetchError as problem:
            self.app.abort(f"windsock: {problem}")


def provide(root: Path) -> None:
    """Make sure that the vendor folder holds the locked versions; do nothing if it does."""
    wanted = locked_versions(root)
    vendor = root / VENDOR
    if versions_in(vendor) == wanted:
        return
    if installed_versions(root / "node_modules") == wanted:
        copy(root / "node_modules", vendor, wanted)
        return
    with tempfile.TemporaryDirectory(prefix="windsock-") as folder:
        install(root, Path(folder))
        copy(Path(folder) / "node_modules", vendor, wanted)


def locked_versions(root: Path) -> dict[str, str]:
    packages = json.loads((root / "package-lock.json").read_text())["packages"]
    return {name: packages[f"node_modules/{name}"]["version"] for name in LIBRARIES}


def versions_in(vendor: Path) -> dict[str, str] | None:
    try:
        return dict(json.loads((vendor / "versions.json").read_text()))
    except (OSError, ValueError):
        return None


def installed_versions(modules: Path) -> dict[str, str] | None:
    try:
        manifests = {name: json.loads((modules / name / "package.json").read_text()) for name in LIBRARIES}
    except (OSError, ValueError):
        return None
    return {name: manifest["version"] for name, manifest in manifests.items()}


def install(root: Path, folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise FetchError("Node 20+ with npm is needed to build from a checkout (for jQuery and Socket.IO)")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(root / name, folder)
    command = [npm, *NPM_CI]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - fixed
    if done.returncode:
        reason = next(iter(done.stderr.splitlines()), f"exit code {done.returncode}")
        raise FetchError(f"npm could not fetch jQuery and Socket.IO; `npm ci` tells more ({reason})")


def copy(modules: Path, vendor: Path, versions: Mapping[str, str]) -> None:
    """Fill the vendor folder anew; versions.json comes last, so a copy cut short is not taken for whole."""
    shutil.rmtree(vendor, ignore_errors=True)
    vendor.mkdir(parents=True)
    for name, (script, inside) in LIBRARIES.items():
        source = modules / name / script
        target = vendor / source.name
        # No source map is shipped, and a browser's developer tools would ask for it in vain.
        target.write_bytes(SOURCE_MAP.sub(b"", source.read_bytes()))
        licences = "\n\n".join(licence_texts(modules, inside))
        target.with_suffix("").with_suffix(".LICENSE.txt").write_text(licences)
    (vendor / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")


def licence_texts(modules: Path, packages: list[str]) -> Iterator[str]:
    for package in packages:
        [path] = (modules / package).glob("LICENSE*")
        yield f"{package}\n\n{path.read_text().strip()}\n"
