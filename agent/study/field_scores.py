"""The table of measured scores: the known twelve, the controls and the published mixers, side by side.

All are trained on the same seeds and tested on the same draw. So the two axes are gains over the template in pairs,
each with half of its 95 percent interval.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean

from agent.core.baselines import BASELINES, TEMPLATE, control_paths, field_name, proposed_paths, published_paths
from agent.core.score import ScoreCard, Speed
from agent.core.text_score import Kind
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import TEXT_SMALL
from agent.proposer.measured import MeasuredVariant, measured_variants
from agent.science.comparison import Comparison, compare
from agent.science.noise import read_noise
from agent.science.objective import DEFAULT, LENGTH, Judgement, judge
from agent.science.setting_noise import Noise
from agent.study.options import text_rows
from agent.study.page import markdown
from agent.study.text_rows import measured_alike
from agent.study.text_table import TOLD_APART, fewer_bits, mean_and_error

SCORES_HEAD = "| mixer | kind |"
KINDS = {
    "known": BASELINES,
    "control": (*control_paths(),),
    "proposed": (*proposed_paths(),),
    "field": (*published_paths(),),
}


def scores_table(protocol: Protocol) -> str:
    """Every mixer that ships with the project and is measured on all tasks, the highest gain of the objective first.

    Accuracies are macro, as in the six columns of results.csv; that at LENGTH times the length is the plain fraction
    correct over the tasks that have one; the gains are in log-odds of it (agent/science/objective.py). Of mixers that
    were trained on text stand the bits per byte that they need less than the template, in pairs of seeds.
    """
    noise = read_noise(protocol.fingerprint)
    cards = {
        name: _card(each, protocol)
        for name, each in measured_variants(protocol, noise).items()
        if each.tasks.keys() == set(protocol.tasks)
    }
    if TEMPLATE not in cards:
        return markdown(_columns(protocol), [])
    found = {name: _judged(card, cards[TEMPLATE], noise) for name, card in cards.items()}
    order = sorted(cards, key=lambda name: -found[name].gain.difference)
    fewer = fewer_bits(measured_alike(text_rows(TEXT_SMALL, None).rows()))
    rows = [
        [
            shown_name(name),
            _kind(name),
            *_scores(cards[name], protocol),
            *_gains(name, found[name]),
            *_bits(name, fewer),
        ]
        for name in order
    ]
    return markdown(_columns(protocol, [f"fewer bits, {kind}" for kind in TOLD_APART if fewer]), rows)


def _columns(protocol: Protocol, bits: Sequence[str] = ()) -> list[str]:
    further = [*protocol.further, f"at {LENGTH} times"]
    return ["mixer", "kind", *protocol.tasks, "average", *further, "memory", "learnability", *bits]


def _card(measured: MeasuredVariant, protocol: Protocol) -> ScoreCard:
    """A measured row as a card. What it takes is in the other table: no score depends on it."""
    return ScoreCard(
        protocol.name, protocol.fingerprint, measured.tasks, parameters=0, state_size=0, speed=Speed(1.0, 1.0),
        device="cpu", versions={}, test_seed=measured.test_seed, seconds=0.0, further=measured.further,
    )  # fmt: skip


def _judged(card: ScoreCard, template: ScoreCard, noise: Mapping[str, Noise]) -> Judgement:
    return judge(card, template, noise, DEFAULT, compare(card, template, noise))


def _scores(card: ScoreCard, protocol: Protocol) -> list[str]:
    further = [f"{card.further[task].mean:.3f}" if task in card.further else "·" for task in protocol.further]
    reached = [score.longer[LENGTH] for score in card.tasks.values() if LENGTH in score.longer]
    longer = f"{fmean(reached):.3f}" if reached else "·"
    return [*(f"{card.tasks[task].mean:.3f}" for task in protocol.tasks), f"{card.average:.3f}", *further, longer]


def _gains(name: str, judged: Judgement) -> list[str]:
    if name == TEMPLATE:
        return ["0", "0"]
    return [_gain(axis) for axis in (judged.memory, judged.learnability)]


def _bits(name: str, fewer: Mapping[str, Mapping[Kind, list[float]]]) -> list[str]:
    """Nothing where no mixer was trained on text yet."""
    if not fewer:
        return []
    if name == TEMPLATE:
        return ["0" for _ in TOLD_APART]
    return [mean_and_error(fewer[name][kind]) if name in fewer else "·" for kind in TOLD_APART]


def _gain(axis: Comparison | None) -> str:
    return f"{axis.difference:+.2f} ± {axis.needed:.2f}" if axis else "·"


def _kind(name: str) -> str:
    return next(kind for kind, names in KINDS.items() if name in names)


def shown_name(name: str) -> str:
    """A mixer as the field writes its name; what begins as the template's name is cut there."""
    if name in KINDS["field"]:
        return field_name(name)
    return f"… {name.removeprefix(f'{TEMPLATE}_')}" if name.startswith(f"{TEMPLATE}_") else name
