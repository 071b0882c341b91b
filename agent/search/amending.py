"""What a proposal changes, and a person's own version of one that waits."""

from dataclasses import replace

from agent.core.run import PERSON, Proposal, Run
from agent.core.text import unified_diff
from agent.proposer.patch import apply_patch
from agent.science.history import History
from agent.search.inspection import Inspection
from agent.store.folder import PATCH
from agent.store.workspace import Workspace


def patch_of(history: History, proposal: Proposal) -> str:
    """The change against the parent, as a unified diff; nothing where there is no parent."""
    parent = history.parent(proposal)
    return unified_diff(parent.proposal.source, proposal.source, parent.name, proposal.name) if parent else ""


def amend(workspace: Workspace, check: Inspection, run: Run, reply: str) -> Run:
    """A person's own version of a waiting proposal, a whole file or SEARCH/REPLACE blocks, checked as any other.

    Raises PatchRejected or EvaluationFailed if it is refused, and then the proposal stays as it was.
    """
    proposal, history = run.proposal, workspace.history()
    source = apply_patch(proposal.source, reply).source
    unedited = proposal.unedited or proposal.source
    proposal = replace(proposal, source=source, editor=PERSON, unedited=unedited, moves=(), mechanisms=None)
    signature = check(history, proposal)
    run = workspace.amend(run, proposal=proposal, signature=signature)
    workspace.write(run, PATCH, patch_of(history, proposal))
    return run
