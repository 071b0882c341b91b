"""A workspace with a scored template and proposals of the catalogue that wait, made without any training."""

from dataclasses import replace
from random import Random

from sample_cards import sample_card

from agent.core.baselines import TEMPLATE, baseline_path
from agent.core.run import BASELINE, Proposal
from agent.core.text import Text
from agent.evaluator.check import parameter_count
from agent.evaluator.contract.variant import read_declaration
from agent.evaluator.protocols import SMOKE
from agent.search.assembly import make_catalogue
from agent.store.workspace import Workspace

VALUE_SKIP = f"{TEMPLATE}_value_skip"
DECAY = f"{TEMPLATE}_data_dependent_decay"
SWISH = f"{TEMPLATE}_swish_output_gate"
SIGNATURE = (1.0, 2.0)


def scored_template(root):
    """A workspace in which the template has a score of 0.5 everywhere, and its own size."""
    workspace = Workspace(root)
    proposal = Proposal(TEMPLATE, baseline_path(TEMPLATE).read_text(), BASELINE, Text(TEMPLATE, TEMPLATE))
    size = parameter_count(read_declaration(baseline_path(TEMPLATE)), SMOKE)
    card = replace(sample_card(SMOKE.fingerprint), parameters=size)
    run = workspace.create(proposal, SMOKE.name, SMOKE.fingerprint, "evaluated", card=card)
    workspace.advance(run, "analysed")
    return workspace


def wait_for_review(workspace, *moves):
    """Proposals of these moves, unchecked but signed as if they had been."""
    return [
        workspace.create(
            propose(workspace, move), SMOKE.name, SMOKE.fingerprint, signature=(*SIGNATURE, float(number))
        )
        for number, move in enumerate(moves)
    ]  # fmt: skip


def propose(workspace, idea=""):
    """What the catalogue proposes of the template."""
    history = workspace.history()
    return make_catalogue().propose(history, history.find(TEMPLATE), Random(0), idea)
