"""Verifying by hand: does a variant hold at greater lengths, more pairs per byte, and with fewer bits on text?"""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.options import DeviceOption, UnsandboxedOption, WorkspaceOption
from agent.cli.search import stopping
from agent.core.errors import ENDED, INTERRUPTED, UsageError
from agent.core.invocation import HERE, command
from agent.core.run import Run
from agent.core.score import ScoreCard
from agent.core.text import ENGLISH
from agent.evaluator.protocols import choose_protocol
from agent.science.history import History
from agent.search.budget import Budget, Ledger
from agent.store.workspace import Workspace

if TYPE_CHECKING:
    from agent.search.verification import Training

TEMPLATE_WORD, BEST_WORD = "template", "best"


def verify(
    run: Annotated[list[str], typer.Argument(help="Scored runs, or the names of their variants.")],
    beside: Annotated[
        str,
        typer.Option(
            "--with", help="Train these too: template (always), best (the best known mixer scored here), names of runs."
        ),
    ] = TEMPLATE_WORD,
    hours: Annotated[
        float | None, typer.Option(min=0.0, help="Begin nothing that would probably end later. Default: no limit.")
    ] = None,
    device: DeviceOption = None,
    allow_unsandboxed: UnsandboxedOption = False,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Train runs and the template on fresh seeds, to be tested at 2, 4 and 8 times the length and with 4 to 64 pairs.

    Then they are trained on text. What was verified before is not trained again: the same command goes on where it was.
    """
    home = Workspace(workspace)
    history = home.history()
    chosen, others = [home.find(key) for key in run], _beside(beside, home, history)
    held = home.protocol()
    if history.baseline is None or held is None:
        raise UsageError(f"{workspace}: the template has no score here, and everything is compared with it")
    if unscored := [one.name for one in (*chosen, *others) if not one.scored]:
        raise UsageError(f"{unscored[0]} has no score: only a scored run can be verified")

    from agent.evaluator.evaluation import choose_device
    from agent.search.assembly import require_isolation
    from agent.search.config import read_config
    from agent.search.verification import Verifying

    require_isolation(allow_unsandboxed, device)
    device, ledger = choose_device(device), Ledger(Budget(hours))
    text = read_config(workspace, {}).text
    verifying = Verifying(home, choose_protocol(held["name"], device), ledger, _say, text=text)
    with home.locks.searching(), stopping(ledger, _say):
        left = verifying.verify(lambda training: _trained(home, training, device), chosen, others)
    _tell(home, chosen, left)
    sys.exit(INTERRUPTED if ledger.interrupted else ENDED)


def _beside(words: str, home: Workspace, history: History) -> list[Run]:
    """The runs that `--with` names, the template left out, which is trained in any case."""
    from agent.science.confirmation import references

    found: list[Run] = []
    for word in (each.strip() for each in words.split(",")):
        if word == BEST_WORD:
            found += references(history)[1:]
        elif word and word != TEMPLATE_WORD:
            found.append(home.find(word))
    return found


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _trained(home: Workspace, training: "Training", device: str) -> ScoreCard:
    """The card of one training, its progress on the screen. Raises EvaluationFailed."""
    from agent.evaluator.assignment import Assignment
    from agent.evaluator.evaluation import evaluate_source
    from agent.search.printing import watching

    _say(f"· {training.protocol.name}: {training.run.name} is trained")
    assignment = Assignment(training.run.proposal.source, training.protocol, device, home.test_seed())
    with watching(training.protocol) as watch:
        return evaluate_source(assignment, watch)


def _tell(home: Workspace, chosen: list[Run], left: "list[Training]") -> None:
    """The verdicts, and what there was no time for."""
    from agent.science.verification_words import verified

    history = home.history()
    for one in chosen:
        said = verified(history, one)
        print(f"{one.name}: {said[ENGLISH] if said else 'not verified'}")
    if left:
        names = ", ".join(f"{each.run.name} by {each.protocol.name}" for each in left)
        again = command("verify " + " ".join(one.name for one in chosen), home.root)
        print(f"Left for another time: {names}. Go on with {again}")
