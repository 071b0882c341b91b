"""When a replica leaves since it lies too far behind: the template was better in a quarter of the steps.

Losers cost most, as they are never solved. The template's curve of the same setting and seed says what is usual. At a
validation after s steps a replica leaves if its best accuracy so far is more than MARGIN below what the template had
reached after s / SLOWER of its steps: then also a template that learns SLOWER times more slowly would stand above it.

What leaves is scored by its best checkpoint until then. That is a lower bound of what it would have reached: one that
begins late, or learns more than SLOWER times more slowly than the template, may still have come. Its ending says so.
"""

from collections.abc import Sequence

from agent.core.score import CurvePoint, ScoreCard
from agent.evaluator.protocol import TemplateCurve

SLOWER = 4
MARGIN = 0.2  # of validation accuracy


def curves_of(card: ScoreCard) -> tuple[TemplateCurve, ...]:
    """The curves of a template's card, as a protocol takes them; of a card that was read without its curves none."""
    return tuple(
        TemplateCurve(seed.setting, seed.seed, tuple((point.step, point.accuracy) for point in seed.curve))
        for score in (*card.tasks.values(), *card.further.values())
        for seed in score.seeds
        if seed.curve
    )


def lies_too_far_behind(curve: Sequence[CurvePoint], template: TemplateCurve | None) -> bool:
    """Whether a replica leaves after its latest validation; never where the template's curve is not known."""
    if template is None:
        return False
    step, best = curve[-1].step, max(point.accuracy for point in curve)
    usual = [accuracy for at, accuracy in template.points if at * SLOWER <= step]
    return bool(usual) and best < max(usual) - MARGIN
