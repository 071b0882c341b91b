"""Finds the endpoint that the environment names, and the model to ask there."""

import os
from collections.abc import Callable

from openai import OpenAI, OpenAIError

from agent.core.errors import Unavailable, UsageError
from agent.llm.completion import Limits
from agent.llm.dialect import Dialect
from agent.llm.endpoint import Endpoint
from agent.llm.request_failure import classify
from agent.llm.secrets import Censor
from agent.llm.spending import Spending
from agent.search.config import BASE_URL, KEY, Config

DEFAULT_URL = "https://api.openai.com/v1"
DEFAULT_MODEL = "gpt-5.4-mini"  # of the default endpoint alone
SHOWN = 12  # names of models in a message
NO_KEY = (
    f"no {KEY} is set, and the model needs one: export {KEY}=... (any word will do for an endpoint of your own, whose "
    f"address is {BASE_URL}), or leave --proposer at auto"
)


def connect(config: Config, spending: Spending, patience: float, say: Callable[[str], None]) -> Endpoint:
    """The model that is to be asked. Raises UsageError and Unavailable, saying what to set."""
    key = os.environ.get(KEY)
    if not key:
        raise UsageError(NO_KEY)
    own = os.environ.get(BASE_URL)
    if own and not own.startswith(("http://", "https://")):
        raise UsageError(f"{BASE_URL} is {Censor()(own)!r}: it must begin with http:// or https://")
    client = OpenAI(api_key=key, base_url=own or DEFAULT_URL, max_retries=0)
    return Endpoint(
        client=client,
        model=config.model or (_only_model(client) if own else DEFAULT_MODEL),
        dialect=Dialect(config.reply_tokens, config.temperature, "max_tokens" if own else "max_completion_tokens"),
        limits=Limits(config.stall_seconds, config.call_seconds, patience),
        spending=spending,
        censor=Censor(),
        say=say,
    )


def _only_model(client: OpenAI) -> str:
    """The model of an endpoint that has one. UsageError, with their names, where it has more."""
    try:
        names = [model.id for model in client.models.list()]
    except (OpenAIError, ValueError) as error:
        where = Censor()(str(client.base_url).rstrip("/"))
        remedy = f"look at {BASE_URL} and the network, or let the catalogue propose: --proposer catalogue"
        raise Unavailable(f"{where}: {Censor()(classify(error).message)}; {remedy}") from error
    if len(names) != 1:
        has = f"it has {', '.join(names[:SHOWN])}" if names else "it names none"
        raise UsageError(f"{client.base_url}: say which model to ask with --model or DELTASEARCH_MODEL; {has}")
    return names[0]
