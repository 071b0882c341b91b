"""A server that is not ours: llama.cpp's, with a model of one layer, speaks the protocol as users' own servers do."""

import subprocess
import sys
from pathlib import Path

import pytest

from agent.llm import Message, PromptTooLong
from agent.llm.spending import Spending
from agent.search.config import Config
from agent.search.connect import connect

WHY = "llama.cpp is not installed: pip install .[llama-cpp]"
pytest.importorskip("xllamacpp", reason=WHY)
pytest.importorskip("gguf", reason=WHY)

SERVER = Path(__file__).parents[1] / "support" / "tiny_server.py"
HELLO = [Message("system", "Be brief."), Message("user", "Ready?")]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    model = tmp_path_factory.mktemp("model") / "tiny.gguf"
    command = [sys.executable, SERVER, model]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


@pytest.fixture
def model(address, monkeypatch):
    """The model as a search connects to it, and what was taken down of it."""
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{address}/v1")
    monkeypatch.setenv("NO_PROXY", "*")
    return connect(Config(reply_tokens=1024, call_seconds=60), Spending(price_in=1, price_out=1), 5, lambda line: None)


@pytest.mark.parametrize("stream", [True, False])
def test_it_is_found_and_asked_and_its_tokens_are_counted(model, stream):
    model.dialect.stream = stream
    model.dialect.reply_tokens = 8
    exchanges = []
    reply = model.ask(HELLO, "test", exchanges.append)
    assert model.model.endswith("tiny.gguf")  # the only one that it lists
    assert reply.text == " ".join(["yes"] * 16)  # it never ends by itself, and got twice the length
    assert reply.cut
    assert [(exchange.counted, exchange.tokens_out) for exchange in exchanges] == [
        ("as reported", 8),
        ("as reported", 16),
    ]
    assert all(exchange.tokens_in > 20 for exchange in exchanges)


def test_its_refusal_of_a_long_prompt_is_understood(model):
    with pytest.raises(PromptTooLong) as refusal:
        model.ask([Message("user", "word " * 1000)], "test", lambda exchange: None)
    assert (refusal.value.context, refusal.value.prompt > 4000) == (1024, True)
    assert model.spending.spent == 0
