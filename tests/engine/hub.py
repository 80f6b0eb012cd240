"""A model hub on loopback, as far as downloads need one; faults on demand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Serves the files of `folder` as the model of any name, or answers all with a fault."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fault: tuple[int, str] | None = None
        self.served: list[str] = []

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        if self.fault:
            status, code = self.fault
            return status, {"X-Error-Code": code}, b"{}"
        if "/tree/" in path:
            return 200, {}, json.dumps([self._entry(file) for file in self._files()]).encode()
        if path.startswith("/api/"):
            return 200, {}, json.dumps({"id": "a/b", "sha": COMMIT, "siblings": []}).encode()
        file = self.folder / path.rpartition("/")[2]
        self.served.append(file.name)
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{file.name}"'}
        return 200, headers, file.read_bytes()

    def _files(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if path.is_file())

    @staticmethod
    def _entry(file: Path) -> dict[str, object]:
        return {"type": "file", "path": file.name, "size": file.stat().st_size, "oid": file.name}


@contextmanager
def serving(hub: Hub) -> Iterator[str]:
    """The address at which `hub` answers meanwhile."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:  # the name that http.server calls
            self._send(with_body=False)

        def do_GET(self) -> None:  # ditto
            self._send(with_body=True)

        def _send(self, *, with_body: bool) -> None:
            status, headers, body = hub.answer(self.path.partition("?")[0])
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Tests have their own way to tell what went on."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
