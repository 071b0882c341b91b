"""A proposer that asks a scripted model, in a workspace of its own."""

from pathlib import Path
from random import Random

from model_replies import NAIVE
from sample_cards import FINGERPRINT, sample_card, sample_proposal
from scripted_endpoint import endpoint, say

from agent.core.baselines import GATED, TEMPLATE, baseline_path
from agent.core.run import Run
from agent.llm.client import make_client
from agent.llm.completion import Limits
from agent.llm.dialect import Dialect
from agent.llm.endpoint import Endpoint
from agent.llm.secrets import Censor
from agent.llm.spending import Spending
from agent.proposer import ProposalFailed
from agent.proposer.model import ModelProposer
from agent.science.history import History
from agent.search.attempts import repair
from agent.store.conversations import Conversations
from agent.store.workspace import Workspace


def scored(name, run_id="20250101_000000", source="x = 1\n", parents=(), author="baseline", **facts):
    scores = facts.pop("scores", {})
    proposal = sample_proposal(name, source, author, parents=parents, **facts)
    return Run(run_id, "analysed", proposal, "smoke", FINGERPRINT, card=sample_card(**scores), attempts=1)


BASE = scored(TEMPLATE, source=NAIVE)
GATE = scored(GATED, "20250101_000001", baseline_path(GATED).read_text(), scores={"Memorize": 0.7})
HISTORY = History((BASE, GATE), {})


def nothing_wrong(history, proposal):
    return None


class Asked:
    """A proposer at a script, in a workspace of its own."""

    def __init__(self, script, root, check=nothing_wrong, prompt_tokens=12_000):
        self.workspace = Workspace(root)
        talks = Conversations(self.workspace, Censor({}))
        client = make_client("any", script.url)
        self.spending = Spending()
        llm = Endpoint(client, "tiny", Dialect(4096), Limits(5, 20, 5), self.spending, talks.censor)
        self.lines = []
        self.proposer = ModelProposer(llm, check, talks, self.workspace.older_notes, prompt_tokens, self.lines.append)

    def propose(self, history=HISTORY, parent=BASE, idea=""):
        repaired = repair(self.proposer, history)
        return repaired or self.proposer.propose(history, parent, Random(0), idea)


def ask_model(root: Path, *replies, history=HISTORY, parent=BASE, idea="", **facts):
    """Play replies to a proposer: what came of it, the script, and who asked."""
    with endpoint([each if callable(each) else say(each) for each in replies]) as script:
        asked = Asked(script, root, **facts)
        try:
            return asked.propose(history, parent, idea), script, asked
        except ProposalFailed as failed:
            return failed, script, asked
