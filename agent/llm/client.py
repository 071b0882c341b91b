"""The client of the openai package, which reads no more of an error than can be of use."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from openai import DefaultHttpxClient, OpenAI

LONGEST_ERROR = 65_536  # bytes of the body of an answer that is no success, as they come over the wire

_HTTP: Any = import_module(DefaultHttpxClient.__mro__[1].__module__.partition(".")[0])  # what the package is built on


def make_client(key: str, url: str) -> OpenAI:
    """A client that tries nothing again by itself.

    Raises what the libraries do that read the environment: of proxies, certificates and headers.
    """
    http = DefaultHttpxClient(event_hooks={"response": [_cut_unless_success]})
    return OpenAI(api_key=key, base_url=url, max_retries=0, http_client=http)


class _Beginning(_HTTP.SyncByteStream):
    """A body as far as LONGEST_ERROR."""

    def __init__(self, body: Any) -> None:
        self.body = body

    def __iter__(self) -> Iterator[bytes]:
        left = LONGEST_ERROR
        for piece in self.body:
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return

    def close(self) -> None:
        self.body.close()


def _cut_unless_success(response: Any) -> None:
    """The client reads the whole body of an error, and of a redirection, before anybody sees it: some have no end."""
    if not response.is_success:
        response.stream = _Beginning(response.stream)
