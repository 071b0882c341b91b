"""Who may ask a served report, and what is answered to the others."""

import gzip
import http.client

import pytest
from sample_histories import write_history
from served import served

from agent.core.errors import UsageError
from agent.report.serve import open_server
from agent.report.site import Site
from agent.store.workspace import Workspace

TOKEN = "a-token"
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = tmp_path_factory.mktemp("served")
    write_history(root, 3)
    site = Site(Workspace(root))
    site.build()
    return site


@pytest.mark.parametrize("token", ["", TOKEN])
@pytest.mark.parametrize("method", METHODS)
def test_another_name_is_refused_before_anything_else(site, method, token):
    with served(site, token) as browser:
        browser.enter(token)
        for host in (f"evil.example:{browser.port}", "evil.example", "", None, "127.0.0.1.evil.example:80"):
            assert browser.ask(method, "/", Host=host).status in ((400, 403) if host is None else (403,)), host


def test_without_a_token_everybody_here_reads_and_nobody_writes(site):
    with served(site) as browser:
        assert browser.ask("GET", "/").status == 200
        assert browser.ask("GET", "/", Host="localhost:9000").status == 200  # a port that is forwarded
        for method in ("POST", "PUT", "DELETE", "TRACE", "PATCH"):
            assert browser.ask(method, "/index.html").status == 405, method


def test_with_a_token_nothing_is_read_without_it(site):
    with served(site, TOKEN) as browser:
        for path in ("/", "/index.html", "/live.html", "/?token=", "/?token=another", "/assets/report.css"):
            answer = browser.ask("GET", path)
            assert answer.status == 403, path
            assert "set-cookie" not in answer.headers
        for method in ("POST", "HEAD", "PUT"):
            assert browser.ask(method, f"/?token={TOKEN}").status == 403
        browser.cookie = f"deltasearch_{browser.port}={TOKEN}"  # the token is not the cookie
        assert browser.ask("GET", "/").status == 403


def test_the_token_of_the_address_becomes_a_cookie(site):
    with served(site, TOKEN) as browser:
        entered = browser.enter(TOKEN)
        assert entered.status == 200
        assert TOKEN not in entered.text
        cookie = entered.headers["set-cookie"]
        assert cookie.startswith(f"deltasearch_{browser.port}=")
        assert {"httponly", "samesite=strict", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
        assert TOKEN not in cookie
        assert browser.ask("GET", "/").status == 200
        assert browser.ask("GET", "/", Host="localhost:9000").status == 403  # with a token the name is exact


def test_only_its_own_pages_may_send_and_only_json(site):
    with served(site, TOKEN) as browser:
        browser.enter(TOKEN)
        foreign = (None, "null", "http://evil.example", f"https://{browser.host}", f"http://localhost:{browser.port}")
        for origin in foreign:
            assert browser.post("/", {}, Origin=origin).status == 403, origin
        for kind in (None, "application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
            assert browser.post("/", {}, **{"Content-Type": kind}).status == 415, kind
        assert browser.post("/", {}).status == 405  # all is well but that the site takes nothing
        browser.cookie = ""
        assert browser.post("/", {}).status == 403


def test_no_other_page_may_show_it_in_a_frame(site):
    with served(site) as browser:
        for path in ("/", "/none.html", "/live.html"):
            assert "frame-ancestors 'none'" in browser.ask("GET", path).headers["content-security-policy"]


def test_it_is_sent_compressed_to_those_who_can_unpack_it(site):
    with served(site) as browser:
        connection = http.client.HTTPConnection("127.0.0.1", browser.port)
        connection.request("GET", "/index.html", headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        sent = answer.read()
        assert answer.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(sent) == (site.root / "index.html").read_bytes()


@pytest.mark.parametrize(("host", "token"), [("0.0.0.0", TOKEN), ("::", TOKEN), ("127.0.0.1", "")])
def test_another_device_needs_a_named_host_and_a_token(site, host, token):
    with pytest.raises(UsageError, match="the name or address by which the other device calls"):
        open_server(site, 0, host, token)


def test_a_named_host_is_the_only_name(site):
    with open_server(site, 0, "localhost", TOKEN) as server:
        assert server.address() == f"http://localhost:{server.server_address[1]}/?token={TOKEN}"
        assert server.access.names == ("localhost",)


def test_a_host_that_is_none_is_a_mistake(site):
    with pytest.raises(UsageError, match=r"--host no\.such\.host\.invalid"):
        open_server(site, 0, "no.such.host.invalid", TOKEN)
