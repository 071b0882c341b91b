"""A real search of seconds: `python tests/support/small_search.py FOLDER RUNS` runs until so many proposals ended."""

import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

from small_evaluations import ONE_TASK

from agent.core.baselines import TEMPLATE
from agent.core.isolation import Isolation
from agent.core.resources import TEMPLATE_FILE
from agent.core.run import BASELINE, Proposal, Run
from agent.evaluator.evaluation import evaluate_source
from agent.evaluator.executor.here import Here
from agent.proposer import NothingToPropose, Proposer
from agent.science.history import History
from agent.search.analyses import Analyses
from agent.search.assembly import make_catalogue
from agent.search.budget import Budget, Ledger
from agent.search.drafts import Drafts
from agent.search.inspection import Inspection
from agent.search.journal import Journal
from agent.search.loop import Search
from agent.search.replication import Replication
from agent.store.lineage import Lineage
from agent.store.workspace import Workspace

TEMPLATE_SOURCE = TEMPLATE_FILE.read_text()


class Script:
    """A proposer that proposes what it was given, one after the other; a function among it is called for one."""

    def __init__(self, *proposals: Proposal | Callable[[], Proposal]) -> None:
        self.proposals = list(proposals)

    def propose(self, history: History, parent: Run, draw: Random, idea: str = "") -> Proposal:
        if not self.proposals:
            raise NothingToPropose("that was all")
        proposal = self.proposals.pop(0)
        return proposal() if callable(proposal) else proposal


def small_search(
    root: Path, runs: int | None = None, proposer: Proposer | None = None, evaluator=evaluate_source, **facts
) -> Search:
    """A search with the smallest protocol there is, one task and one seed, that says nothing on the screen.

    It evaluates in this process unless it is given an executor.
    """
    workspace = Workspace(root)
    ledger = Ledger(Budget(runs=runs, failures=3))
    facts = {"baselines": (TEMPLATE,), "verifies_by": (), "executor": Here("cpu", evaluator)} | facts
    return Search(
        workspace=workspace, protocol=ONE_TASK, drafts=Drafts(proposer or make_catalogue(), seed=0),
        check=Inspection(ONE_TASK), analyses=Analyses(workspace), lineage=Lineage(root), ledger=ledger,
        journal=Journal(workspace, ledger, lambda status: None, lambda line: None),
        isolation=Isolation(said="as in tests"), replication=Replication(workspace, ONE_TASK, ledger), **facts,
    )  # fmt: skip


def main() -> None:
    root, wanted = Path(sys.argv[1]), int(sys.argv[2])
    ended = [run for run in Workspace(root).history().runs if run.finished and run.proposal.author != BASELINE]
    print("searching", flush=True)
    if len(ended) < wanted:
        small_search(root, wanted - len(ended)).run()


if __name__ == "__main__":
    main()
