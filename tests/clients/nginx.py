"""nginx in front of a server: a process of its own, with its files in a folder, on this machine only."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import WITHIN, free_port

PASSING = """
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
"""
"""What lets a WebSocket through."""
_CONFIGURATION = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {}
http {
    access_log access.log;
    client_body_temp_path temporary/body;
    proxy_temp_path temporary/proxy;
    fastcgi_temp_path temporary/fastcgi;
    uwsgi_temp_path temporary/uwsgi;
    scgi_temp_path temporary/scgi;
    server {
        listen 127.0.0.1:%s;
        %s
    }
}
"""


class Nginx:
    """A running nginx. ``requests`` counts those that it has answered, by a part of their lines in the log."""

    def __init__(self, folder: Path, port: int, scheme: str) -> None:
        self._log = folder / "access.log"
        self.port = port
        self.url = f"{scheme}://localhost:{port}"

    def requests(self, *parts: str) -> int:
        """How many lines of its log hold all these parts; a WebSocket stands there when it has ended."""
        return sum(all(part in line for part in parts) for line in self._log.read_text().splitlines())


@contextmanager
def nginx(folder: Path, server: str, tls: tuple[Path, Path] | None = None) -> Iterator[Nginx]:
    """Run it with what stands in its block ``server``; ``tls`` are a certificate and its key."""
    port, listen = free_port(), ""
    if tls:
        listen = f" ssl;\nssl_certificate {tls[0]};\nssl_certificate_key {tls[1]}"
    (folder / "temporary").mkdir()
    (folder / "nginx.conf").write_text(_CONFIGURATION % (f"{port}{listen}", server))
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin:/usr/bin")
    if program is None:
        pytest.fail("nginx is not installed: apt-get install nginx", pytrace=False)
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen([program, "-p", folder, "-c", "nginx.conf", "-e", "stderr"], stdout=log, stderr=log)
    try:
        _wait_for(process, port)
        yield Nginx(folder, port, "https" if tls else "http")
    finally:
        process.terminate()
        process.wait(WITHIN)
        print(f"--- nginx said:\n{(folder / 'nginx.log').read_text()}")


def location(path: str, port: int, *, passing: bool = True, headers: Mapping[str, str] | None = None) -> str:
    """A block that hands a path on to a server, without the path; ``headers`` are set for it."""
    lines = [f'proxy_set_header {name} "{value}";' for name, value in (headers or {}).items()]
    target = "/" if path != "/" else ""
    return "\n".join(
        [f"location {path} {{ proxy_pass http://127.0.0.1:{port}{target};", PASSING if passing else "", *lines, "}"]
    )


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + WITHIN
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None, "nginx ended"
            assert time.monotonic() < deadline, "nginx does not listen"
            time.sleep(0.01)
        else:
            return
