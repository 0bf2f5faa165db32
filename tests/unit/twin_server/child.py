"""A container's program for the tests of the server: it answers on the edit container's ports until SIGTERM."""

import http.server
import os
import signal
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers every request alike."""

    def do_GET(self) -> None:
        """Say who answers."""
        body = b"from a child"
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Write nothing: the health checks would fill the log."""


def stop(*_arguments: object) -> None:
    """End as a program does that was told to."""
    print("told to stop", flush=True)  # noqa: T201  # the log is what is tested
    os._exit(5)


signal.signal(signal.SIGTERM, stop)
host = os.environ["HOST"]  # noqa: TID251  # a program of its own, which has nothing but its variables
servers = [http.server.ThreadingHTTPServer((host, port), Handler) for port in (8080, 4321)]
for each in servers:
    threading.Thread(target=each.serve_forever, daemon=True).start()
sys.stdout.flush()
signal.pause()
