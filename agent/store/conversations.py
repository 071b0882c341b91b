"""Where talks with a model are kept: with the run that came of them, and in runs/conversations/ until there is one."""

import secrets
import time
from dataclasses import dataclass

from agent.core.run import Run
from agent.llm import Keep
from agent.llm.secrets import Censor
from agent.llm.transcript import Exchange, read_transcript, transcript_line
from agent.store.files import append
from agent.store.folder import TRANSCRIPT
from agent.store.workspace import Workspace, conversation_path


@dataclass
class Conversations:
    """Takes down every exchange as it is made, without secrets."""

    workspace: Workspace
    censor: Censor

    def new_name(self) -> str:
        """A name that no other conversation has."""
        return f"{time.strftime('%Y%m%d_%H%M%S')}_{secrets.token_hex(4)}"

    def keep(self, name: str) -> Keep:
        """Takes down a conversation that no run has come of yet."""
        path = conversation_path(self.workspace.root, name)
        return lambda exchange: append(path, transcript_line(exchange, self.censor))

    def keep_with(self, run: Run) -> Keep:
        """Takes down what is said about a run."""
        path = self.workspace.folder(run) / TRANSCRIPT
        return lambda exchange: append(path, transcript_line(exchange, self.censor))

    def of(self, run: Run) -> list[Exchange]:
        """What was said about a run; nothing where nothing was, or where it cannot be read any more."""
        path = self.workspace.folder(run) / TRANSCRIPT
        try:
            return read_transcript(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
