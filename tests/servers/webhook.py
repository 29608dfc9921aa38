"""An HTTP server on loopback that keeps what is posted to it and answers as a test tells it."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.servers.loopback import HOST


@dataclass(frozen=True)
class Posted:
    """One request: where it went and its JSON."""

    path: str
    body: Any


@dataclass
class Webhook:
    """The server; a context manager. `status` and `answer` are what the next requests get."""

    status: int = 200
    answer: bytes = b"{}"
    posts: list[Posted] = field(default_factory=list)

    def __enter__(self) -> Self:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                owner.posts.append(Posted(self.path, json.loads(self.rfile.read(length))))
                self.send_response(owner.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(owner.answer)))
                self.end_headers()
                self.wfile.write(owner.answer)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Its address as the second channel knows it."""
        return f"json://{HOST}:{self.port}/hook/SECRETPATH"
