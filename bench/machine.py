"""The machine as far as numbers depend on it; nothing that would tell which one it is."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
BENCH = ROOT / "bench"
PYTHON = BENCH / ".venv/bin/python"
_PACKAGES = ("flask-socketio", "gevent", "gevent-websocket", "python-socketio", "uvicorn", "uvloop", "websockets")


def raise_open_files() -> int:
    """Allow this process and all that it starts as many open files as the hard limit says; that number."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def describe() -> dict[str, str]:
    """Kernel, processor, and the versions of all that is measured."""
    found = {
        "kernel": platform.release(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "congestion control": _read("/proc/sys/net/ipv4/tcp_congestion_control"),
        "open files": str(resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
        "Python": platform.python_version(),
        "Node": _output("node", "--version").removeprefix("v"),
        "Socket.IO (Node)": _node_package("socket.io"),
    }
    return {key: value for key, value in (found | _packages()).items() if value}


def _processor() -> str:
    for line in _read("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _packages() -> dict[str, str]:
    """Versions in the environment of the other servers."""
    code = f"import importlib.metadata as m, json; print(json.dumps({{n: m.version(n) for n in {_PACKAGES!r}}}))"
    answer = _output(str(PYTHON), "-c", code)
    return json.loads(answer) if answer else {}


def _node_package(name: str) -> str:
    manifest = BENCH / "node_modules" / name / "package.json"
    return str(json.loads(manifest.read_text())["version"]) if manifest.is_file() else ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    except OSError:
        return ""
