"""Puts what browsers are sent into the package: libraries at the versions in package-lock.json, and our own scripts.

The scripts are built by esbuild from ``src/windsock/web/js``. What is there and up to date is left as it is, so an
archive that holds it all is built into a wheel without Node. By hand: ``python hatch_build.py``.
"""

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = Path("src/windsock/web/static")
VENDOR = STATIC / "vendor"
SOURCES = Path("src/windsock/web/js")
# What is built, from what, and in which form: plain scripts, and one ES module.
SCRIPTS = {
    "windsock.js": ("classic.js", "iife"),
    "windsock.mjs": ("module.js", "esm"),
    "page.js": ("page/page.js", "iife"),
    "operator.js": ("operator/operator.js", "iife"),
    "kiosk.js": ("page/kiosk.js", "iife"),
    "embed.js": ("embed.js", "iife"),
    "timeline.js": ("timeline/timeline.js", "iife"),
}
TYPES = "windsock.d.ts"
# Where TypeScript looks for the types of an .mjs file.
MODULE_TYPES = 'export * from "./windsock.js";\nexport { default } from "./windsock.js";\n'
ESBUILD = ["--bundle", "--minify", "--target=es2022", "--charset=utf8", "--log-level=warning"]
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
    # Its script is inside timeline.js.
    "uplot": ("dist/uPlot.min.css", ["uplot"]),
}
SOURCE_MAP = re.compile(rb"^//# sourceMappingURL=.*\n?", re.MULTILINE)
NPM_CI = ["ci", "--omit=dev", "--ignore-scripts", "--loglevel=error"]


class FetchError(Exception):
    """What is wanted is neither here nor to be had; the text says what to do."""


class VendorHook(BuildHookInterface[Any]):
    """Runs before every build: editable, wheel and sdist."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        try:
            provide(Path(self.root))
        except FetchError as problem:
            self.app.abort(f"windsock: {problem}")


def provide(root: Path) -> None:
    """Make sure that libraries and scripts are there and up to date; do nothing if they are."""
    libraries = locked_versions(root, *LIBRARIES)
    tools = locked_versions(root, *LIBRARIES, "esbuild")
    digest = digest_of_sources(root / SOURCES, tools)
    if versions_in(root / VENDOR) == libraries and is_built(root / STATIC, digest):
        return
    if installed_versions(root / "node_modules", tools) == tools:
        fill(root, root / "node_modules", libraries, digest)
        return
    with tempfile.TemporaryDirectory(prefix="windsock-") as folder:
        install(root, Path(folder))
        fill(root, Path(folder) / "node_modules", libraries, digest)


def fill(root: Path, modules: Path, libraries: Mapping[str, str], digest: str) -> None:
    if versions_in(root / VENDOR) != libraries:
        copy(modules, root / VENDOR, libraries)
    if not is_built(root / STATIC, digest):
        build(root, modules, digest)


def locked_versions(root: Path, *names: str) -> dict[str, str]:
    packages = json.loads((root / "package-lock.json").read_text())["packages"]
    return {name: packages[f"node_modules/{name}"]["version"] for name in names}


def versions_in(vendor: Path) -> dict[str, str] | None:
    try:
        return dict(json.loads((vendor / "versions.json").read_text()))
    except (OSError, ValueError):
        return None


def installed_versions(modules: Path, names: Iterable[str]) -> dict[str, str] | None:
    try:
        manifests = {name: json.loads((modules / name / "package.json").read_text()) for name in names}
    except (OSError, ValueError):
        return None
    return {name: manifest["version"] for name, manifest in manifests.items()}


def install(root: Path, folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise FetchError("Node 20+ with npm is needed to build from a checkout (for the scripts of its pages)")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(root / name, folder)
    command = [npm, *NPM_CI]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - fixed
    if done.returncode:
        reason = next(iter(done.stderr.splitlines()), f"exit code {done.returncode}")
        raise FetchError(f"npm could not fetch what the pages need; `npm ci` tells more ({reason})")


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


def digest_of_sources(sources: Path, tools: Mapping[str, str]) -> str:
    """What the scripts are built from, in short: it stands in each of them."""
    digest = hashlib.sha256(f"{tools['esbuild']} {tools['uplot']} {ESBUILD} {SCRIPTS} {MODULE_TYPES}".encode())
    for path in sorted(sources.rglob("*.*s")):
        digest.update(f"{path.relative_to(sources).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def is_built(static: Path, digest: str) -> bool:
    paths = [static / name for name in (*SCRIPTS, TYPES)]
    return all(path.is_file() and digest in path.read_text(encoding="utf-8")[:200] for path in paths)


def build(root: Path, modules: Path, digest: str) -> None:
    head = f"/*! Windsock. MIT licence. Built from sources {digest}. */"
    for name, (entry, form) in SCRIPTS.items():
        outcome = [f"--format={form}", f"--banner:js={head}", f"--outfile={root / STATIC / name}"]
        command = ["node", str(modules / "esbuild/bin/esbuild"), str(root / SOURCES / entry), *ESBUILD, *outcome]
        # The libraries may lie elsewhere than the scripts that import them.
        env = os.environ | {"NODE_PATH": str(modules)}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - fixed
        if done.returncode:
            raise FetchError(f"esbuild could not build {name}:\n{done.stderr}")
    (root / STATIC / TYPES.replace(".d.ts", ".d.mts")).write_text(MODULE_TYPES)
    (root / STATIC / TYPES).write_text(
        f"{head}\n{(root / SOURCES / TYPES).read_text(encoding='utf-8')}", encoding="utf-8"
    )


def sizes(root: Path) -> Iterator[str]:
    for name in SCRIPTS:
        content = (root / STATIC / name).read_bytes()
        yield f"{name}: {len(content)} bytes, {len(gzip.compress(content, mtime=0))} compressed"


if __name__ == "__main__":
    here = Path(__file__).parent
    try:
        provide(here)
    except FetchError as problem:
        sys.exit(f"windsock: {problem}")
    print(*sizes(here), sep="\n")
