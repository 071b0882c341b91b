"""What the environment says of an endpoint: a mistake is refused at once, by the variable's name, with what to do."""

import json
import time
from importlib.util import find_spec

import pytest
from scripted_endpoint import endpoint, raw, say

from agent.core.errors import UNAVAILABLE, USAGE, Unavailable, UsageError
from agent.llm.spending import Spending
from agent.search.config import Config
from agent.search.connect import connect, flaw_of_a_key, flaw_of_an_address, names_in

SECRET = "abcdef1234567890"
SOCKS = pytest.mark.skipif(find_spec("socksio") is not None, reason="socksio is installed, so such proxies work")


@pytest.fixture
def connecting(monkeypatch):
    """Connect in an environment with these variables and no others of its kind."""
    for name in ("all_proxy", "http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)

    def connecting(model="tiny", **environment):
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return connect(Config(model=model), Spending(), 0.1, lambda line: None)

    return connecting


@pytest.mark.parametrize(
    ("key", "flaw"),
    [
        (f"“sk-{SECRET}”", "stands between quotation marks"),
        (f"‘sk-{SECRET}’", "stands between quotation marks"),
        (f'"sk-{SECRET}"', "stands between quotation marks"),
        (f"sk-{SECRET}'", "stands between quotation marks"),
        (f"«sk-{SECRET}»", "stands between quotation marks"),
        (f"sk-{SECRET}\n", "holds a line end"),
        (f"sk-\n{SECRET}", "holds a line end"),
        (f"sk-{SECRET}\r", "holds a line end"),
        (f" sk-{SECRET}", "holds a blank"),
        (f"sk-{SECRET} ", "holds a blank"),
        (f"Bearer sk-{SECRET}", "holds a blank"),
        (f"sk-{SECRET}\t", "holds a blank"),
        (f"sk-{SECRET}\u00a0", "holds a blank"),
        ("   ", "holds a blank"),
        (f"sk–{SECRET}", "holds what no key does, at its place 3: en dash"),
        (f"\ufeffsk-{SECRET}", "holds what no key does, at its place 1: zero width no-break space"),
        (f"sk-{SECRET}\u200b", "holds what no key does, at its place 20: zero width space"),
        (f"ｓk-{SECRET}", "holds what no key does, at its place 1: fullwidth latin small letter s"),
        (f"sk-{SECRET}\x07", "holds what no key does, at its place 20: a character that cannot be seen"),
        ("密钥", "holds what no key does, at its place 1: cjk unified ideograph-5bc6"),
    ],
)
def test_a_key_that_can_be_none_is_refused_by_its_name_and_never_shown(connecting, key, flaw):
    assert flaw_of_a_key(key) == flaw
    with pytest.raises(UsageError) as refused:
        connecting(OPENAI_API_KEY=key)
    assert refused.value.exit_code == USAGE
    assert str(refused.value).startswith(f"OPENAI_API_KEY {flaw}: ")
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("key", ["none", "x", f"sk-{SECRET}", "sk-or-v1_a.b~c+d/e=", "a'b"])
def test_any_word_may_be_a_key(key):
    assert flaw_of_a_key(key) == ""


@pytest.mark.parametrize(
    ("address", "flaw"),
    [
        ("localhost:8000/v1", "it must begin with http:// or https://"),
        ("ftp://host/v1", "it must begin with http:// or https://"),
        ("htp://host/v1", "it must begin with http:// or https://"),
        ("http://localhost:80x0/v1", "it is no address ("),
        ("http://localhost:99999/v1", "it is no address ("),
        ("http://localhost:-1/v1", "it is no address ("),
        ("http://[::1/v1", "it is no address ("),
        ("http://" + "a" * 70 + ".com/v1", "it is no address ("),
        ("http://", "it names no host"),
        ("http:///v1", "it names no host"),
        ("http://:8000/v1", "it names no host"),
        ("http://host:8000/v1 ", "it holds a blank or a line end"),
        ("http://host:8000/v1\n", "it holds a blank or a line end"),
        ("“http://host:8000/v1”", "it stands between quotation marks"),
        ('"http://host:8000/v1"', "it stands between quotation marks"),
        ("http://host:8000/v1/chat/completions", "leave out what follows /v1"),
    ],
)
def test_an_address_that_can_be_none_is_refused_by_its_name(connecting, address, flaw):
    assert flaw_of_an_address(address).startswith(flaw)
    with pytest.raises(UsageError, match="OPENAI_BASE_URL is "):
        connecting(OPENAI_BASE_URL=address)


@pytest.mark.parametrize(
    "address", ["http://localhost:8000/v1", "https://host", "HTTP://host/v1/", "http://[::1]:8000/v1", "http://主机/v1"]
)
def test_other_addresses_may_be_one(address):
    assert flaw_of_an_address(address) == ""


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        pytest.param(
            "ALL_PROXY", "socks5://127.0.0.1:1", "ALL_PROXY is socks5://127.0.0.1:1: a SOCKS proxy", marks=SOCKS
        ),
        pytest.param("all_proxy", "socks5h://127.0.0.1:1", "pip install socksio; or unset the variable", marks=SOCKS),
        ("HTTPS_PROXY", "socks4://127.0.0.1:1", "HTTPS_PROXY is socks4://127.0.0.1:1"),
        ("HTTP_PROXY", "http://127.0.0.1:80x0", "HTTP_PROXY is http://127.0.0.1:80x0"),
        ("http_proxy", "nonsense://me:password@host", "http_proxy is nonsense://[removed]@host"),
        ("SSL_CERT_FILE", "/nowhere/at/all.pem", "look at SSL_CERT_FILE"),
    ],
)
def test_what_keeps_a_client_from_being_made_is_told_by_its_variable(connecting, variable, value, told):
    with pytest.raises(UsageError) as refused:
        connecting(**{variable: value})
    assert told in str(refused.value)
    assert "password" not in str(refused.value)


def listing(body, kind="application/json", status=200):
    """An endpoint that answers so where its models should be listed."""
    return endpoint([say("ready")], listing=raw(body, kind, status))


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        ({"object": "list", "data": [{"id": "a"}]}, ["a"]),
        ({"data": ["a", "b"]}, ["a", "b"]),
        ([{"id": "a"}], ["a"]),
        (["a"], ["a"]),
        ({"models": [{"name": "a", "model": "a:latest"}]}, ["a"]),
        ({"data": [{"model": "a"}, {"id": "a"}]}, ["a"]),
        ({"object": "list", "data": None}, []),
        ({"data": []}, []),
        ([], []),
        ({"data": [{"id": None}, 5, None, {"id": "a"}]}, ["a"]),
    ],
)
def test_names_are_found_in_each_form_of_a_list(connecting, listed, names):
    assert names_in(listed) == names
    with listing(json.dumps(listed)) as script:
        if names == ["a"]:
            assert connecting(model=None, OPENAI_BASE_URL=script.url).model == "a"
        else:
            with pytest.raises(UsageError, match="say which model to ask with --model or DELTASEARCH_MODEL; it "):
                connecting(model=None, OPENAI_BASE_URL=script.url)


@pytest.mark.parametrize(
    ("body", "kind", "status", "told"),
    [
        ("<!doctype html><title>Open WebUI</title>", "text/html", 200,
         "a web page (Open WebUI) came in place of a list of models: is OPENAI_BASE_URL right? it usually ends in /v1"),
        ("<html><body>Log in</body></html>", "application/json", 200, "a web page came in place of a list of models"),
        ("", "application/json", 200, "'' came in place of a list of models"),
        ("ok", "text/plain", 200, "'ok' came in place of a list of models"),
        ('"ok"', "application/json", 200, "came in place of a list of models"),
        ("{}", "application/json", 200, "came in place of a list of models"),
        ('{"data": "ok"}', "application/json", 200, "came in place of a list of models"),
        ("[" * 100_000, "application/json", 200, "came in place of a list of models"),
        ('{"error": {"message": "Not Found"}}', "application/json", 404,
         "404: Not Found: it does not list its models, so say which model to ask with --model or DELTASEARCH_MODEL"),
        ("<html>nginx</html>", "text/html", 404, "say which model to ask with --model"),
        ('{"detail": "Method Not Allowed"}', "application/json", 405, "say which model to ask with --model"),
        ('{"error": {"message": "wrong key"}}', "application/json", 401, "401: wrong key; look at OPENAI_BASE_URL"),
        ("", "text/html", 502, "look at OPENAI_BASE_URL and the network"),
    ],
)  # fmt: skip
def test_what_is_no_list_of_models_is_told_with_what_to_do(connecting, body, kind, status, told):
    with listing(body, kind, status) as script, pytest.raises(Unavailable) as unavailable:
        connecting(model=None, OPENAI_BASE_URL=script.url)
    assert told in str(unavailable.value)
    assert unavailable.value.exit_code == UNAVAILABLE


def test_a_proxy_that_refuses_is_named(connecting):
    with pytest.raises(Unavailable) as unavailable:
        connecting(model=None, HTTP_PROXY="http://me:password@127.0.0.1:1", OPENAI_BASE_URL="http://host.invalid/v1")
    assert "through the proxy that HTTP_PROXY names: http://[removed]@127.0.0.1:1; look at HTTP_PROXY" in str(
        unavailable.value
    )
    model = connecting(HTTP_PROXY="http://127.0.0.1:1", OPENAI_BASE_URL="http://host.invalid/v1")
    with pytest.raises(Unavailable, match=r"through the proxy that HTTP_PROXY names: http://127\.0\.0\.1:1"):
        model.probe()


@pytest.mark.parametrize("name", ["\x1b]0;owned\x07b", "a\ud800", "a\u202eb", "x" * 201])
def test_what_can_be_no_name_of_a_model_is_none(name):
    assert names_in([name, {"id": name}, "tiny"]) == ["tiny"]


def test_a_list_of_models_is_waited_for_so_long_and_read_so_far(connecting, monkeypatch):
    def drip(handler, request):
        handler.begin_stream("application/json")
        for _ in range(50):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.1)

    monkeypatch.setattr("agent.search.connect.SECONDS_FOR_NAMES", 0.5)
    began = time.monotonic()
    with endpoint([], listing=drip) as script, pytest.raises(Unavailable, match=r"longer than 0\.5 seconds"):
        connecting(model=None, OPENAI_BASE_URL=script.url)
    assert time.monotonic() - began < 4
    monkeypatch.setattr("agent.search.connect.SECONDS_FOR_NAMES", 30)
    monkeypatch.setattr("agent.search.connect.LONGEST_LIST", 1000)
    with listing(" " * 2000) as script, pytest.raises(Unavailable, match="its body is longer than 1,000 bytes"):
        connecting(model=None, OPENAI_BASE_URL=script.url)


def test_an_encoding_that_is_none_is_told_in_one_line(connecting):
    with listing("{}", "application/json; charset=rot13", 500) as script, pytest.raises(Unavailable):
        connecting(model=None, OPENAI_BASE_URL=script.url)
