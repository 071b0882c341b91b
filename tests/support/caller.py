"""A model behind a script, all that was taken down at it, and what it told the reader of the log."""

from agent.llm import Message
from agent.llm.client import make_client
from agent.llm.completion import Limits
from agent.llm.dialect import Dialect
from agent.llm.endpoint import Endpoint
from agent.llm.secrets import Censor
from agent.llm.spending import Spending

PATIENT = Limits(stall=5, call=20, patience=30)
HELLO = [Message("system", "Be brief."), Message("user", "Hello?")]
SECRET = "sk-abcdefghijklmnop1234"


class Caller:
    """Asks one thing after the other."""

    def __init__(self, script, spending=None, dialect=None, limits=PATIENT):
        self.lines, self.exchanges = [], []
        self.llm = Endpoint(
            make_client(SECRET, script.url), "tiny", dialect or Dialect(4096), limits,
            spending or Spending(price_in=1, price_out=2), Censor({"OPENAI_API_KEY": SECRET}), self.lines.append,
        )  # fmt: skip

    def ask(self, messages=HELLO):
        return self.llm.ask(messages, "test", self.exchanges.append)
