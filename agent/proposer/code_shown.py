"""The code of other variants, so that a model can build on it or combine it with the parent's."""

from collections.abc import Iterable, Iterator

from agent.core.run import Run
from agent.core.text import clean, unified_diff
from agent.llm.tokens import estimate as tokens_of
from agent.science.history import History, card_of

MOST = 8  # variants whose code is offered
BEST = 3  # of them by what the search is after alone


def code_of_others(history: History, parent: Run, shown: Run | None = None) -> Iterator[str]:
    """What was not `shown` yet of the best variant, each task's leader and the next best: whole, or as a change.

    The leaders of the tasks on which the parent has most to win come first.
    """
    for run in _worth_reading(history, parent):
        if shown is not None and run.id == shown.id:
            continue
        leads = [task for task, leader in _leaders(history).items() if leader.id == run.id]
        on = "; the best on " + ", ".join(f"{task} {card_of(run).scores[task]:.3f}" for task in leads) if leads else ""
        yield f"{run.name} (average {card_of(run).average:.3f}{on}), {code_beside(run, parent)}"


def _worth_reading(history: History, parent: Run) -> list[Run]:
    best = history.ranked[: BEST + 1]
    mine, leaders = card_of(parent).scores, _leaders(history)
    to_win = sorted(leaders, key=lambda task: card_of(leaders[task]).scores[task] - mine.get(task, 0.0), reverse=True)
    return _others([*best[:1], *(leaders[task] for task in to_win), *best], parent)[:MOST]


def _leaders(history: History) -> dict[str, Run]:
    """Task -> the run with the highest score of it, the first of equals."""
    tasks = card_of(history.scored[0]).tasks if history.scored else ()
    return {task: max(history.scored, key=lambda run: card_of(run).scores[task]) for task in tasks}


def _others(runs: Iterable[Run], parent: Run) -> list[Run]:
    """Each once, without the parent and what has its very code."""
    found = {run.proposal.source: run for run in reversed(list(runs)) if run.proposal.source != parent.proposal.source}
    return list(reversed(found.values()))


def code_beside(run: Run, parent: Run) -> str:
    """A variant's code for who has read the parent's: as a change of that where this is shorter, else whole."""
    whole = clean(run.proposal.source).rstrip()
    change = clean(unified_diff(parent.proposal.source, run.proposal.source, parent.name, run.name)).rstrip()
    if tokens_of(change) < tokens_of(whole):
        return f"as a change of {parent.name}:\n```diff\n{change}\n```"
    return f"its file:\n```python\n{whole}\n```"
