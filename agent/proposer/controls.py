"""How the controls stand under a workspace's protocol: mixers that hold nothing of what lies further back.

A score that is no better than theirs tells of no memory. What is shipped of them is laid beside the workspace's own
template.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from agent.core.baselines import control_paths
from agent.core.score import ScoreCard
from agent.core.sentences import joined
from agent.core.text import Text, say
from agent.evaluator.protocols import protocol_of
from agent.proposer.measured import MeasuredVariant, measured_variants
from agent.science.comparison import compare
from agent.science.history import History, card_of
from agent.science.objective import Judgement, judge
from agent.science.objective_words import outcome


@dataclass(frozen=True)
class Control:
    """A control's shipped scores under a protocol, and how it stands against the template of the workspace."""

    name: str
    measured: MeasuredVariant
    judgement: Judgement


def controls(history: History) -> tuple[Control, ...]:
    """The controls that were measured under the protocol of a history and have no run in it, the best average first;
    none before the template is scored."""
    if history.baseline is None:
        return ()
    template = card_of(history.baseline)
    protocol = protocol_of(template.protocol, template.fingerprint, template.tasks)
    measured: Mapping[str, MeasuredVariant] = measured_variants(protocol, history.noise) if protocol else {}
    names = [name for name in measured if name in control_paths() and history.find(name) is None]
    whole = [measured[name] for name in names if measured[name].tasks.keys() == template.tasks.keys()]
    return tuple(Control(each.name, each, _judged(history, each, template)) for each in whole)


def _judged(history: History, control: MeasuredVariant, template: ScoreCard) -> Judgement:
    card = replace(template, tasks=control.tasks, further=control.further, test_seed=control.test_seed)
    return judge(card, template, history.noise, history.objective, compare(card, template, history.noise))


def controls_lines(history: History) -> list[Text]:
    """The controls with their averages and what they lose, in a line; none where none was measured."""
    told = [
        say("objective.control", name=each.name, average=each.measured.average, outcome=outcome(each.judgement))
        for each in controls(history)
    ]
    listed = say("list.sentence", list=joined(told, "list.semicolon"))
    return [say("objective.controls", list=listed)] if told else []
