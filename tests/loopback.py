"""A web server on this machine that answers as asked: well, wrongly, slowly or not at all."""

import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        path = unquote(self.path).lstrip("/")
        self.server.asked.append((path, dict(self.headers)))
        manner, content = self.server.answers.get(path, ("missing", b""))
        getattr(self, manner)(content)

    def _head(self, code, length, **headers):
        self.send_response(code)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def whole(self, content):
        self._head(200, len(content))
        self.wfile.write(content)

    def cut(self, content):
        """Break off half way through what was announced."""
        self._head(200, len(content))
        self.wfile.write(content[: len(content) // 2])

    def unannounced_cut(self, content):
        self._head(200, None)
        self.wfile.write(content[: len(content) // 2])

    def missing(self, content):
        self._head(404, 0)

    def elsewhere(self, content):
        self._head(302, 0, Location="http://login.invalid/")

    def drip(self, content):
        self._head(200, len(content))
        for i in range(len(content)):
            try:
                self.wfile.write(content[i : i + 1])
            except OSError:
                return
            time.sleep(0.01)

    def stall(self, content):
        self._head(200, len(content))
        time.sleep(0.6)

    def endless(self, content):
        self._head(200, None)
        try:
            for _ in range(1000):
                self.wfile.write(content)
        except OSError:
            return

    def log_message(self, *_):
        """Keep quiet."""


@contextmanager
def serving(answers):
    """Serve ``{path: (manner, bytes)}``; gives the server with `url` and `asked`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.answers, server.asked = answers, []
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
