"""A real search of seconds: `python tests/small_search.py FOLDER RUNS` goes on until so many proposals have ended."""

import sys
from pathlib import Path

from small_evaluations import ONE_TASK

from agent.assembly import make_catalogue
from agent.baselines import TEMPLATE
from agent.budget import Budget, Ledger
from agent.drafts import Drafts
from agent.inspection import Inspection
from agent.journal import Journal
from agent.lineage import Lineage
from agent.loop import Search
from agent.proposer import Proposer
from agent.record import BASELINE
from agent.workspace import Workspace


def small_search(root: Path, runs: int | None = None, proposer: Proposer | None = None, **facts) -> Search:
    """A search with the smallest protocol there is, one task and one seed, that says nothing on the screen."""
    workspace = Workspace(root)
    ledger = Ledger(Budget(runs=runs, failures=3))
    return Search(
        workspace=workspace, protocol=ONE_TASK, device="cpu",
        drafts=Drafts(proposer or make_catalogue(), seed=0), check=Inspection(ONE_TASK), lineage=Lineage(root),
        ledger=ledger, journal=Journal(workspace, ledger, lambda status: None, lambda line: None),
        baselines=(TEMPLATE,), isolation="as in tests", **facts,
    )  # fmt: skip


def main() -> None:
    root, wanted = Path(sys.argv[1]), int(sys.argv[2])
    ended = [run for run in Workspace(root).history().runs if run.finished and run.proposal.author != BASELINE]
    print("searching", flush=True)
    if len(ended) < wanted:
        small_search(root, wanted - len(ended)).run()


if __name__ == "__main__":
    main()
