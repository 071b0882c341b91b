"""The known systems, which a search measures before it proposes anything: everything is compared with the template."""

from collections.abc import Iterable, Set

from agent.core.baselines import TEMPLATE, baseline_path, moves_of, reference_scores
from agent.core.errors import DeltaSearchError
from agent.core.resources import MOVES
from agent.core.run import BASELINE, Proposal, Run, Section
from agent.core.sentences import bullets, listed, signed, solved_and_room
from agent.core.text import Text, say
from agent.proposer.moves import load_moves
from agent.science.history import History

FAR = 0.01  # a difference of a known score worth a word


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
        runs = [run for run in history.runs if run.name == name]
        if not runs:
            return known_variant(name)
        if name == TEMPLATE and not history.baseline:
            if runs[-1].id in begun:
                raise TemplateFailed(runs[-1])
            return known_variant(name)
    return None


def known_variant(name: str) -> Proposal:
    """A known system as it stands in baselines/, with what is known of it."""
    source = baseline_path(name).read_text(encoding="utf-8")
    if name == TEMPLATE:
        return Proposal(name, source, BASELINE, say("title.template"), argument=_of_the_template())
    moves = moves_of(name)
    move = load_moves(MOVES)[moves[0]]
    argument: dict[Section, Text] = {
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
