"""The cards of the desk as facts for a page: a waiting proposal, what it changes, what is expected, what it costs."""

import hashlib
from dataclasses import dataclass

from agent.core.run import Run
from agent.core.text import ENGLISH, Text, in_each
from agent.desk.card import cost_of
from agent.report.code import DiffLine, diff
from agent.science.expectations import Expectation, expectations
from agent.science.history import History
from agent.science.steps import steps_of


@dataclass(frozen=True)
class Card:
    """A waiting proposal. `seen` stands for what its reader saw: it changes when the proposal or its stage does."""

    run: Run
    lines: tuple[Expectation, ...]
    cost: Text
    change: tuple[DiffLine, ...]
    step: str
    seen: str


def card_for(run: Run, history: History) -> Card:
    """The card of a proposal, against its parent."""
    parent = history.parent(run.proposal)
    steps = steps_of(history, run.proposal)[:1]
    return Card(
        run,
        tuple(expectations(run, history)),
        in_each(lambda code: cost_of(run, history, code)),
        diff(parent.proposal.source if parent else "", run.proposal.source),
        steps[0].text[ENGLISH] if steps else "",
        seen_of(run),
    )


def seen_of(run: Run) -> str:
    """A digest of what a decision about a run is made on."""
    return hashlib.sha256(repr((run.id, run.stage, run.proposal.source)).encode()).hexdigest()[:16]
