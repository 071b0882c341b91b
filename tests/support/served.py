"""A site that is served for the length of a test, and requests to it of every kind."""

import http.client
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field

from agent.report.serve import open_server


@dataclass
class Answer:
    """What came back."""

    status: int
    text: str
    headers: dict = field(default_factory=dict)

    @property
    def json(self):
        return json.loads(self.text)


@dataclass
class Browser:
    """Asks as a browser does whose reader opened the address with the token, or has not yet."""

    port: int
    cookie: str = ""

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def enter(self, token):
        """Open the address that was printed, and keep the cookie."""
        answer = self.ask("GET", f"/?token={token}")
        self.cookie = answer.headers.get("set-cookie", "").partition(";")[0]
        return answer

    def post(self, path, facts, **headers):
        """What a page of the server sends."""
        sent = {"Origin": f"http://{self.host}", "Content-Type": "application/json"} | headers
        return self.ask("POST", path, json.dumps(facts), **sent)

    def ask(self, method, path, body="", **headers):
        """Any request. A header that is None is left out."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        sent = {"Host": self.host, "Cookie": self.cookie or None, "Content-Length": str(len(body.encode()))} | headers
        for name, value in sent.items():
            if value is not None:
                connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body.encode())
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        return Answer(answer.status, text, {name.lower(): value for name, value in answer.getheaders()})


@contextmanager
def served(site, token="", routes=()):
    """The site at a port of its own, asked by a browser."""
    with open_server(site, 0, token=token, routes=routes) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield Browser(server.server_address[1])
        finally:
            server.shutdown()
