"""A row from its legs: what `Protocol.leg_parts` cut is put together again."""

from collections.abc import Sequence
from dataclasses import replace

from agent.core.legs import merged, seeds_of
from agent.core.score import ScoreCard
from agent.evaluator.protocol import Protocol


def joined(cards: Sequence[ScoreCard], protocol: Protocol) -> ScoreCard:
    """The whole row's card from the cards of its legs, in their order: on a CPU the scores to the digit.

    Seconds add up. Everything else is as one evaluation would have it, as the first leg begins with the setting that
    the row begins with. ValueError where the cards are not exactly the seeds of the protocol.
    """
    whole = merged(cards)
    wanted = {(setting.label, seed) for setting, seed in protocol.grids}
    if seeds_of(whole) != wanted:
        raise ValueError(
            f"the legs hold {len(seeds_of(whole))} seeds of settings, and a row of {protocol.name} {len(wanted)}: "
            "train every leg of the protocol, and no other seed"
        )
    return replace(
        whole,
        protocol=protocol.name,
        fingerprint=protocol.fingerprint,
        tasks={task: whole.tasks[task] for task in protocol.tasks},
        further={task: whole.further[task] for task in protocol.further},
    )
