"""Finds the endpoint that the environment names, and the model to ask there."""

import json
import os
import time
import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from openai import OpenAI

from agent.core.errors import Unavailable, UsageError, kind_and_reason
from agent.core.text import clean, whole_characters
from agent.llm.client import make_client
from agent.llm.completion import Limits
from agent.llm.dialect import Dialect
from agent.llm.endpoint import Endpoint
from agent.llm.events import SHOWN, web_page
from agent.llm.proxy import proxies_set, proxy_of
from agent.llm.request_failure import classify
from agent.llm.secrets import Censor
from agent.llm.spending import Spending
from agent.llm.transfer import BrokenReply, Transfer
from agent.search.config import BASE_URL, KEY, Config

DEFAULT_URL = "https://api.openai.com/v1"
DEFAULT_MODEL = "gpt-5.4-mini"  # of the default endpoint alone
NAMES_SHOWN = 12  # names of models in a message
QUOTES = "\"'`“”„‟‘’‚‛«»「」＂＇"
NAME_IT = "say which model to ask with --model or DELTASEARCH_MODEL"
SECONDS_FOR_NAMES = 30.0
LONGEST_LIST = 16_000_000  # bytes
LONGEST = 200  # characters of a model's name
NO_KEY = (
    f"no {KEY} is set, and the model needs one: export {KEY}=... (any word will do for an endpoint of your own, whose "
    f"address is {BASE_URL}), or leave --proposer at auto"
)


def connect(
    config: Config,
    spending: Spending,
    patience: float,
    say: Callable[[str], None],
    interrupted: Callable[[], bool] = lambda: False,
) -> Endpoint:
    """The model that is to be asked. Raises UsageError and Unavailable, saying what to set."""
    key = os.environ.get(KEY)
    if not key:
        raise UsageError(NO_KEY)
    if flaw := flaw_of_a_key(key):
        raise UsageError(f"{KEY} {flaw}: set it again as the endpoint's owner gave it")
    own = os.environ.get(BASE_URL)
    if own and (flaw := flaw_of_an_address(own)):
        raise UsageError(f"{BASE_URL} is {Censor()(own)!r}: {flaw}")
    client = _client(key, own or DEFAULT_URL)
    return Endpoint(
        client=client,
        model=config.model or (_only_model(client) if own else DEFAULT_MODEL),
        dialect=Dialect(config.reply_tokens, config.temperature, "max_tokens" if own else "max_completion_tokens"),
        limits=Limits(config.stall_seconds, config.call_seconds, patience),
        spending=spending,
        censor=Censor(),
        say=say,
        interrupted=interrupted,
    )


def flaw_of_a_key(key: str) -> str:
    """Why this can be no key, without a character of it; nothing where it may be one."""
    if key.split() != [key]:
        kind = "a line end" if len(key.splitlines()) > 1 or key.splitlines() != [key] else "a blank"
        return f"holds {kind}"
    if key[0] in QUOTES or key[-1] in QUOTES:
        return "stands between quotation marks"
    for place, character in enumerate(key, 1):
        if not ("!" <= character <= "~"):
            name = unicodedata.name(character, "a character that cannot be seen").lower()
            return f"holds what no key does, at its place {place}: {name}"
    return ""


def flaw_of_an_address(address: str) -> str:
    """Why this is no address of an endpoint; nothing where it may be one."""
    if address.split() != [address]:
        return "it holds a blank or a line end"
    if address[0] in QUOTES or address[-1] in QUOTES:
        return "it stands between quotation marks"
    if not address.lower().startswith(("http://", "https://")):
        return "it must begin with http:// or https://"
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError as error:  # UnicodeError among them
        return f"it is no address ({error})"
    if not host:
        return "it names no host"
    if parts.path.rstrip("/").endswith(("/chat/completions", "/completions", "/models")):
        return "leave out what follows /v1: it is added"
    return ""


def _client(key: str, url: str) -> OpenAI:
    """The client of the openai package. UsageError where the environment keeps it from being made."""
    try:
        return make_client(key, url)
    except Exception as error:  # of several libraries that read the environment: proxies, certificates, headers
        reason = Censor()(kind_and_reason(error))
        raise UsageError(f"the model cannot be asked ({reason}); {_remedy(error)}") from error


def _remedy(error: Exception) -> str:
    """What to do where no client can be made."""
    proxies = proxies_set()
    named = ", ".join(f"{proxy.variable} is {proxy.address}" for proxy in proxies)
    if isinstance(error, ImportError) and proxies:
        return f"{named}: a SOCKS proxy needs one more package, pip install socksio; or unset the variable"
    if isinstance(error, OSError):
        return "look at SSL_CERT_FILE and SSL_CERT_DIR: they must name files that there are"
    if proxies:
        return f"look at the proxy: {named}"
    return f"look at {BASE_URL} and at the variables that begin with OPENAI_"


def _only_model(client: OpenAI) -> str:
    """The model of an endpoint that has one. UsageError, with their names, where it has more."""
    where = Censor()(str(client.base_url).rstrip("/"))
    names = _model_names(client, where)
    if len(names) != 1:
        has = f"it has {', '.join(names[:NAMES_SHOWN])}" if names else "it names none"
        raise UsageError(f"{where}: {NAME_IT}; {has}")
    return names[0]


def _model_names(client: OpenAI, where: str) -> list[str]:
    """The names that an endpoint lists. Raises Unavailable where it lists none, with what to do."""
    try:
        body = _listed(client)
    except Exception as error:  # of the network, the endpoint or a library
        raise Unavailable(f"{where}: {_why_no_names(client, error)}") from error
    text = body.decode("utf-8-sig", "replace")
    try:
        return names_in(json.loads(text))
    except (ValueError, RecursionError):
        came = web_page(text) or repr(" ".join(text.split())[:SHOWN])
        advice = f"is {BASE_URL} right? it usually ends in /v1; if it is, {NAME_IT}"
        raise Unavailable(f"{where}: {came} came in place of a list of models: {advice}") from None


def _listed(client: OpenAI) -> bytes:
    """The body that lists the models. BrokenReply where it takes too long or has no end, and what openai raises."""
    end = time.monotonic() + SECONDS_FOR_NAMES

    def go_on() -> None:
        if time.monotonic() > end:
            raise BrokenReply(f"the list of models took longer than {SECONDS_FOR_NAMES:g} seconds")

    list_models = client.with_streaming_response.models.list
    return b"".join(Transfer(list_models, {}, SECONDS_FOR_NAMES, LONGEST_LIST).pieces(go_on))


def _why_no_names(client: OpenAI, error: Exception) -> str:
    """Why the models are not known, and what to do."""
    failure = classify(error)
    message = Censor()(failure.message)
    if message.startswith(("404", "405", "501")):
        return f"{message}: it does not list its models, so {NAME_IT}; or is {BASE_URL} wrong? it usually ends in /v1"
    proxy = proxy_of(str(client.base_url)) if failure.unconnected else None
    through = f", through the proxy that {proxy.variable} names: {proxy.address}" if proxy else ""
    look = f"look at {proxy.variable if proxy else BASE_URL} and the network"
    return f"{message}{through}; {look}, or let the catalogue propose: --proposer catalogue"


def names_in(listed: Any) -> list[str]:
    """The names in a list of models, in the forms that servers give it. ValueError where it is no such list."""
    if isinstance(listed, dict):
        lists = [listed[place] for place in ("data", "models", "result") if isinstance(listed.get(place), list)]
        if not lists and listed.get("data", ...) is not None:
            raise ValueError("no list of models")
        listed = lists[0] if lists else []
    if not isinstance(listed, list):
        raise ValueError("no list of models")
    found = [_name(each) for each in listed]
    return list(dict.fromkeys(name for name in found if name))


def _name(model: Any) -> str:
    """The name of a model; nothing where it can be none: too long, or with characters that steer a terminal."""
    if isinstance(model, dict):
        model = next((model[place] for place in ("id", "name", "model") if model.get(place)), "")
    return model if isinstance(model, str) and clean(whole_characters(model)) == model and len(model) <= LONGEST else ""
