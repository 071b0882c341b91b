"""Who may ask the served report: requests that call it by its own name and, where there is a token, that know it.

The order is: the Host header before anything else, so that a page of another site gets nowhere by a name server that
lies; then the token; then, for what changes something, that a page of this server sent it and sent JSON.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = "127.0.0.1"
READING = ("GET", "HEAD")
HEADERS = {
    "Cache-Control": "no-cache",  # what the browser shows is what there is
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# A page that leads on by itself, and not a redirect: a Strict cookie does not go with a redirect that began elsewhere.
ENTERED = '<!doctype html><meta http-equiv="refresh" content="0; url={path}"><a href="{path}">deltasearch</a>'


@dataclass(frozen=True)
class Access:
    """By which names the server may be called, and what its readers have to know; without a token, nothing.

    `session` is what the cookie holds: whoever reads it off a browser does not learn the token of the address.
    """

    names: tuple[str, ...]
    port: int
    token: str = ""
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def cookie(self) -> str:
        """Its name: a browser sends a cookie to every port of a host."""
        return f"deltasearch_{self.port}"

    def names_us(self, host: str) -> bool:
        """Whether a Host header is ours: with a token exactly, else by its name, as through a forwarded port."""
        if not self.token:
            return host.rpartition(":")[0] in self.names
        return host in (f"{name}:{self.port}" for name in self.names)

    def knows(self, cookies: str) -> bool:
        """Whether a Cookie header holds the session."""
        try:
            held = SimpleCookie(cookies).get(self.cookie)
        except CookieError:
            return False
        return held is not None and _same(held.value, self.session)


class Guard:
    """Stands before an application and lets through what may be asked."""

    def __init__(self, application: ASGIApp, access: Access) -> None:
        self.application, self.access = application, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._refusal(scope, Headers(scope=scope))
        await (answer or self.application)(scope, receive, with_headers)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """What to answer instead of the application; None where the request may pass."""
        if not self.access.names_us(headers.get("host", "")):
            return _refused(HTTPStatus.FORBIDDEN, "this server does not answer to that name")
        if any(part.startswith(".") for part in scope["path"].split("/")):
            return _refused(HTTPStatus.NOT_FOUND, "there is no such page")
        if not self.access.token:
            return None
        if not self.access.knows(headers.get("cookie", "")):
            return self._enter(scope)
        return None if scope["method"] in READING else self._writing(headers)

    def _enter(self, scope: Scope) -> Response:
        """Give the cookie to a request that knows the token."""
        given = parse_qs(scope["query_string"].decode("ascii", "replace")).get("token", [""])[0]
        if scope["method"] != "GET" or not _same(given, self.access.token):
            return _refused(HTTPStatus.FORBIDDEN, "open the address that `report --serve` has printed, with its token")
        path = "/" + quote(scope["path"].lstrip("/"))  # of this server: "//name" would be another
        entered = HTMLResponse(ENTERED.format(path=path))
        entered.set_cookie(self.access.cookie, self.access.session, httponly=True, samesite="strict")
        return entered

    def _writing(self, headers: Headers) -> Response | None:
        """Only a page of this server can send JSON with this Origin; a form of another page can send neither."""
        if headers.get("origin", "") != f"http://{headers['host']}":
            return _refused(HTTPStatus.FORBIDDEN, "only the pages of this server may change anything")
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return _refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json")
        return None


def loopback_and(names: Iterable[str]) -> tuple[str, ...]:
    """The names of this machine for itself, and those by which others call it."""
    return (LOOPBACK, "localhost", *names)


def _same(given: str, known: str) -> bool:
    """Compared in a time that does not tell how much of it is right."""
    return secrets.compare_digest(given.encode(), known.encode())


def _refused(status: HTTPStatus, why: str) -> Response:
    return PlainTextResponse(f"{why}\n", status)
