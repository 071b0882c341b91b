"""The known systems, which a search measures before it proposes anything: everything is compared with the template."""

import ast
import re
from collections.abc import Iterable, Set
from dataclasses import replace
from functools import cache
from pathlib import Path

from agent.core.baselines import (
    BASELINES,
    TEMPLATE,
    known_path,
    moves_of,
    proposed_paths,
    published_paths,
    reference_scores,
)
from agent.core.errors import DeltaSearchError
from agent.core.resources import MOVES
from agent.core.run import BASELINE, Proposal, Run, Section
from agent.core.sentences import bullets, listed, signed, solved_and_room
from agent.core.text import Text, say
from agent.proposer.moves import load_moves
from agent.science.history import History

LONGEST_NAME = 64  # of a file's name, so that what is made of it can be named after it
FAR = 0.01  # a difference of a known score worth a word


class CannotStart(DeltaSearchError):
    """None of the mixers that a search is to start from has a score."""

    def __init__(self, run: Run) -> None:
        self.detail = run.failure.log_tail if run.failure else ""
        super().__init__(
            f"{run.name}, which the search was to start from, could not be scored ({run.failure}); see runs/{run.id}"
        )


class TemplateFailed(DeltaSearchError):
    """The template has no score, so that nothing else can be compared."""

    def __init__(self, run: Run) -> None:
        assert run.failure is not None
        self.detail = run.failure.log_tail
        super().__init__(
            f"the template itself could not be scored ({run.failure}), and everything is "
            f"compared with it; see runs/{run.id}, and start again: the next search tries it once more"
        )


def next_known(history: History, names: Iterable[str], begun: Set[str]) -> Proposal | None:
    """The first of some known systems that was not measured yet; None when all were.

    The template is tried again where only an earlier search failed at it. TemplateFailed if this one did, by the ids
    of the runs that it has `begun`.
    """
    for name in names:
        runs = runs_of(history, name)
        if not runs:
            proposal = known_variant(name)
            return replace(proposal, name=history.free_name(proposal.name))
        if name == TEMPLATE and not history.baseline:
            if runs[-1].id in begun:
                raise TemplateFailed(runs[-1])
            return known_variant(name)
    return None


def runs_of(history: History, name: str) -> list[Run]:
    """The runs of a known mixer. Of a file of one's own: those of the file as it is now, whatever they are called."""
    if name in BASELINES or name in proposed_paths() or name in published_paths():
        return [run for run in history.runs if run.name == name]
    source = known_variant(name).source
    return [run for run in history.runs if run.proposal.author == BASELINE and run.proposal.source == source]


def family_of(history: History, names: Iterable[str]) -> frozenset[str]:
    """The variants that are some known mixers or were made of them.

    CannotStart where each of them was tried and none has a score.
    """
    starts = [run for name in names for run in runs_of(history, name)]
    if starts and not any(run.scored for run in starts):
        raise CannotStart(starts[-1])
    family = {run.name for run in starts}
    for run in history.runs:  # parents stand before their children
        if run.proposal.parents and run.proposal.parents[0] in family:
            family.add(run.name)
    return frozenset(family)


@cache
def known_variant(name: str) -> Proposal:
    """A known mixer as its file stands, with what is known of it; `name` is what `find_known` returns."""
    source = known_path(name).read_text(encoding="utf-8")
    if name in published_paths():
        argument: dict[Section, Text] = {"observations": say("known.published"), "reasoning": _docstring(source)}
        return Proposal(name, source, BASELINE, say(f"mixer.{name}"), argument=argument)
    if name in proposed_paths():
        argument = {"observations": say("known.proposed"), "reasoning": _docstring(source)}
        return Proposal(name, source, BASELINE, say("title.proposed"), argument=argument)
    if name not in BASELINES:
        own = re.sub(r"\W+", "_", Path(name).stem.lower()).strip("_")[:LONGEST_NAME] or "mixer"
        title = say("title.own", file=Path(name).name)
        return Proposal(own, source, BASELINE, title, argument={"observations": say("known.own", file=Path(name).name)})
    if name == TEMPLATE:
        return Proposal(name, source, BASELINE, say("title.template"), argument=_of_the_template())
    moves = moves_of(name)
    move = load_moves(MOVES)[moves[0]]
    argument = {
        "observations": _known(name),
        "issues": bullets([move.issue]),
        "reasoning": bullets([move.reasoning]),
        "expected": _expected(name),
    }
    return Proposal(name, source, BASELINE, move.title, moves=moves, argument=argument)


def _of_the_template() -> dict[Section, Text]:
    return {
        "observations": _known(TEMPLATE),
        "issues": say("known.issues"),
        "reasoning": say("known.reasoning"),
        "expected": say("known.expected"),
    }


def _docstring(source: str) -> Text:
    """What a file says of itself, in its own words."""
    return Text(en=ast.get_docstring(ast.parse(source)) or "")


def _known(name: str) -> Text:
    """What the known table says of a system: baselines/reference.csv, of the protocol mad."""
    scores = reference_scores()[name]
    return say("known.scores", average=sum(scores.values()) / len(scores), scores=solved_and_room(scores))


def _expected(name: str) -> Text:
    """Where the known scores lie above and below the template's."""
    known = reference_scores()
    changes = {task: score - known[TEMPLATE][task] for task, score in known[name].items()}
    far = [f"{task} {signed(change)}" for task, change in changes.items() if abs(change) >= FAR]
    return say("known.change", list=listed(far))
