"""Shows the site, to this machine alone unless told otherwise, and brings it up to date while a search runs."""

import socket
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from agent.core.errors import UsageError
from agent.report.access import LOOPBACK, Access, Guard, loopback_and
from agent.report.sentences import phase
from agent.report.site import Site
from agent.store.files import WorkspaceError
from agent.store.status import read_status

SECONDS_BETWEEN_BUILDS = 2.0
SECONDS_TO_END = 3.0
LIVE = "/live.html"
ZIPPED = 1_000  # bytes from which an answer is sent compressed
EVERYWHERE = ("", "0.0.0.0", "::")  # addresses to listen at that are no names to be called by


def serve_site(
    site: Site,
    port: int,
    opened: Callable[[str], Any] = lambda address: None,
    host: str = "",
    token: str = "",
    routes: Sequence[BaseRoute] = (),
    page: str = "",
) -> None:
    """Serve until interrupted, and open `page` first. UsageError where the port is taken."""
    with open_server(site, port, host, token, routes) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            address = server.address(page)
            print(f"{address} is up to date while this runs; Ctrl-C ends it", flush=True)
            opened(address)
            _keep_up_to_date(site)
        except KeyboardInterrupt:
            print()
        finally:
            server.shutdown()


class SiteServer:
    """A server that listens, and serves from `serve_forever` to `shutdown`."""

    def __init__(self, listening: socket.socket, access: Access, application: Starlette) -> None:
        self.listening, self.access = listening, access
        self._server = uvicorn.Server(
            uvicorn.Config(
                application, log_config=None, access_log=False, lifespan="off", http="h11", ws="none",
                server_header=False, timeout_graceful_shutdown=1,
            )
        )  # fmt: skip
        self._idle = threading.Event()
        self._idle.set()

    @property
    def server_address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self.listening.getsockname()[:2]
        return host, port

    def address(self, page: str = "") -> str:
        """What to open, with the token where there is one."""
        query = f"?token={self.access.token}" if self.access.token else ""
        return f"http://{self.access.names[-1]}:{self.access.port}/{page}{query}"

    def serve_forever(self) -> None:
        self._idle.clear()
        try:
            self._server.run(sockets=[self.listening])
        finally:
            self._idle.set()

    def shutdown(self) -> None:
        """End what another thread serves, and wait until that has let go of the port."""
        self._server.should_exit = True
        self._idle.wait(SECONDS_TO_END)

    def __enter__(self) -> "SiteServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.listening.close()


def open_server(site: Site, port: int, host: str = "", token: str = "", routes: Sequence[BaseRoute] = ()) -> SiteServer:
    """A server on loopback, or at the address of a named host, not yet serving. `routes` go before those of the site.

    UsageError for a port that is taken, and for a host without a token or without a name.
    """
    if host and (host in EVERYWHERE or not token):
        raise UsageError(f"--host {host}: give the name or address by which the other device calls this machine")
    listening = _listen(host or LOOPBACK, port)
    names = (host,) if host else loopback_and(())[::-1]
    access = Access(names, listening.getsockname()[1], token)
    return SiteServer(listening, access, make_application(site, access, routes))


def make_application(site: Site, access: Access, routes: Sequence[BaseRoute] = ()) -> Starlette:
    """Hands out files of the site and nothing above it, and what the search is doing just now."""

    def live(request: Request) -> HTMLResponse:
        return HTMLResponse(live_line(site))

    def no_picture(request: Request) -> Response:
        """Browsers ask for one of their own accord, and would note an error."""
        return Response(status_code=HTTPStatus.NO_CONTENT)

    files = StaticFiles(directory=site.root, html=True)
    return Starlette(
        routes=[*routes, Route(LIVE, live), Route("/favicon.ico", no_picture), Mount("/", files)],
        middleware=[Middleware(Guard, access=access), Middleware(GZipMiddleware, minimum_size=ZIPPED, compresslevel=6)],
    )


def live_line(site: Site) -> str:
    """What the search is doing just now; nothing where none is running."""
    if not site.workspace.locks.searcher():
        return ""
    try:
        status = read_status(site.workspace)
    except WorkspaceError:
        return ""
    return site.pages.live(status, phase(status.phase))


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, number)
    except OSError as error:
        raise UsageError(f"--host {host}: {error.strerror}") from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except OSError as error:
        listening.close()
        where = f"port {port}" if host == LOOPBACK else f"{host}, port {port}"
        raise UsageError(f"{where}: {error.strerror}; give another --port, or --port 0 for any") from error
    return listening


def _keep_up_to_date(site: Site) -> None:
    waiting, before = threading.Event(), None
    while not waiting.wait(SECONDS_BETWEEN_BUILDS):
        try:
            if (now := site.mark()) != before:
                site.build()
            before = now
        except WorkspaceError as error:  # a disk that is full now may not be in a minute
            print(f"not brought up to date: {error}", flush=True)
