"""Shows the site to this machine alone, and brings it up to date while a search runs."""

import threading
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from agent.core.errors import UsageError
from agent.report.sentences import phase
from agent.report.site import Site
from agent.store.files import WorkspaceError
from agent.store.status import read_status
from agent.store.workspace import Workspace

LOOPBACK = "127.0.0.1"
SECONDS_BETWEEN_BUILDS = 2.0
LIVE = "/live.html"


def serve_site(site: Site, port: int, opened: Callable[[str], Any] = lambda address: None) -> None:
    """Serve until interrupted. UsageError where the port is taken."""
    with open_server(site, port) as server:
        address = f"http://{LOOPBACK}:{server.server_address[1]}/"
        print(f"{address} is up to date while this runs; Ctrl-C ends it", flush=True)
        opened(address)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            _keep_up_to_date(site)
        except KeyboardInterrupt:
            print()
        finally:
            server.shutdown()


def open_server(site: Site, port: int) -> ThreadingHTTPServer:
    """A server on loopback, not yet serving."""
    handler = partial(Handler, workspace=site.workspace, site=site, directory=str(site.root))
    try:
        return ThreadingHTTPServer((LOOPBACK, port), handler)
    except OSError as error:
        raise UsageError(f"port {port}: {error.strerror}; give another --port, or --port 0 for any") from error


def _keep_up_to_date(site: Site) -> None:
    waiting = threading.Event()
    while not waiting.wait(SECONDS_BETWEEN_BUILDS):
        try:
            site.build()
        except WorkspaceError as error:  # a disk that is full now may not be in a minute
            print(f"not brought up to date: {error}", flush=True)


class Handler(SimpleHTTPRequestHandler):
    """Hands out files of the site, and nothing above it, to requests that call this machine by its own name."""

    def __init__(self, *arguments: Any, workspace: Workspace, site: Site, **options: Any) -> None:
        self.workspace, self.site = workspace, site
        super().__init__(*arguments, **options)

    def do_GET(self) -> None:
        if self._refused():
            return
        if self.path == LIVE:
            self._send_live()
        else:
            super().do_GET()

    def do_HEAD(self) -> None:
        if not self._refused():
            super().do_HEAD()

    def _refused(self) -> bool:
        """Another site's name in the request means that a page of that site asks, by a name server that lies."""
        host = (self.headers.get("Host") or "").rpartition(":")[0]
        hidden = any(part.startswith(".") for part in unquote(self.path).split("/"))
        if host in (LOOPBACK, "localhost") and not hidden:
            return False
        self.send_error(HTTPStatus.FORBIDDEN if host not in (LOOPBACK, "localhost") else HTTPStatus.NOT_FOUND)
        return True

    def _send_live(self) -> None:
        """What the search is doing just now; nothing where none is running."""
        text = self._live().encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _live(self) -> str:
        if not self.workspace.searcher():
            return ""
        try:
            status = read_status(self.workspace)
        except WorkspaceError:
            return ""
        return self.site.pages.live(status, phase(status.phase))

    def end_headers(self) -> None:
        """Nothing is kept by the browser: what it shows is what there is."""
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def list_directory(self, path: Any) -> None:
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Requests are not worth a line."""
