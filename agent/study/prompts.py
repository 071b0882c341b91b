"""The prompt of any moment of a workspace's history, as a model would be asked then."""

from dataclasses import replace

from agent.core.errors import UsageError
from agent.core.run import Run
from agent.llm.prompts import Prompt
from agent.llm.tokens import estimate
from agent.proposer.kinds import Request, again
from agent.proposer.question import prompt_for
from agent.science.history import History
from agent.store.synthesis import read_synthesis
from agent.store.workspace import Workspace


def prompt_at(workspace: Workspace, tokens: int, run: Run | None = None) -> Prompt:
    """What a model is asked at the proposal of a run, of that run's parent; without one, now and of the best.

    UsageError where there is no scored parent to ask about. The older notes are those of today.
    """
    history = workspace.history()
    then = before(history, run) if run else history
    parent = then.parent(run.proposal) if run else then.best
    if parent is None:
        what = f"{run.name} was made of no scored variant" if run else "no variant is scored yet"
        raise UsageError(f"{workspace.root}: {what}, so there is nothing to ask a model about")
    request = again(then, run, parent) if run else Request(parent)
    return prompt_for(
        then,
        request,
        workspace.older_notes(),
        tokens,
        workspace.with_curves,
        None if run else read_synthesis(workspace),
    )


def before(history: History, run: Run) -> History:
    """The history as it stood when a run was proposed: the runs before it, without what became of them later."""
    at = run.reached("proposed")
    earlier = (other for other in history.runs if other.id < run.id)
    return replace(history, runs=tuple(_as_of(other, at) for other in earlier))


def _as_of(run: Run, at: float | None) -> Run:
    """A run without what it did not have yet at a time, where the times are known."""
    done = run.ended
    if at is None or done is None or done <= at:
        return run
    return replace(run, stage="evaluating", card=None, failure=None, analysis={}, legs=(), stopped=None)


def told(prompt: Prompt, tokens: int) -> str:
    """Both parts of a prompt, and how much of the budget they take."""
    used = estimate(prompt.rules) + estimate(prompt.question)
    share = f"{used} of {tokens} tokens, {100 * used / tokens:.0f} %"
    return f"##### system\n{prompt.rules}\n\n##### user\n{prompt.question}\n\n##### {share}"
