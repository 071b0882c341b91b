"""The runs that were confirmed on fresh seeds, are about to be, or could not be, for the page that decides."""

from dataclasses import dataclass

from agent.core.run import Run
from agent.core.text import Text, say
from agent.science.confirmation import standing_of
from agent.science.history import History
from agent.store.requests import to_confirm
from agent.store.workspace import Workspace


@dataclass(frozen=True)
class Line:
    """A run, and what is to be said of its confirmation."""

    run: Run
    said: Text


def lines(workspace: Workspace, history: History) -> list[Line]:
    """What is confirmed, in the order of the runs; then what a person asked for and what became of that."""
    asked = {each.run: each for each in to_confirm(workspace) if each.run not in history.confirmations}
    done = [run for run in history.scored if run.id in history.confirmations and run != history.baseline]
    found = [Line(run, standing_of(history, run)) for run in done]
    found += [Line(run, asked[run.id].trouble or say("web.waits")) for run in history.scored if run.id in asked]
    return found
