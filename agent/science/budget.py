"""How much more than the template a variant may take and still be called better."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from agent.core.score import ScoreCard

Axis = Literal["parameters", "state", "flops"]


@dataclass(frozen=True)
class MeansBudget:
    """What a variant may take, in units of what the template takes. Beyond it a variant is "larger", never "better".

    parameters: of the whole network; state: bytes that a sequence's state takes; flops: operations a token.
    """

    parameters: float = 1.10
    state: float = 2.0
    flops: float = 3.0

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> "MeansBudget":
        """Read what `asdict` gave. ValueError for what is none."""
        budget = cls(**{name: float(value) for name, value in facts.items()})
        if not all(1.0 <= value < float("inf") for value in asdict(budget).values()):
            raise ValueError(f"a budget of means must allow at least what the template takes: {dict(facts)}")
        return budget


def ratios(card: ScoreCard, template: ScoreCard) -> dict[Axis, float]:
    """What a variant takes in units of the template; an axis that an earlier version did not count is left out."""
    found: dict[Axis, float] = {
        "parameters": card.parameters / max(1, template.parameters),
        "state": _bytes(card) / max(1, _bytes(template)),
    }
    if card.flops is not None and template.flops is not None:
        found["flops"] = card.flops / max(1.0, template.flops)
    return found


def excess(card: ScoreCard, template: ScoreCard, budget: MeansBudget) -> dict[Axis, float]:
    """The axes on which a card's variant takes more than the budget allows, with how many times the template's."""
    allowed = {"parameters": budget.parameters, "state": budget.state, "flops": budget.flops}
    return {axis: ratio for axis, ratio in ratios(card, template).items() if ratio > allowed[axis]}


def _bytes(card: ScoreCard) -> int:
    """Cards of earlier versions count the numbers of a state; each then counts as a float32."""
    return card.state_bytes if card.state_bytes is not None else 4 * card.state_size
