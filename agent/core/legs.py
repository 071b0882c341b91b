"""Score cards of parts of a row: put together, and a whole row's card cut down to what a part holds."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from agent.core.score import ScoreCard, SeedScore, TaskScore

SeedOfSetting = tuple[str, int]  # a setting's label and a seed


def seeds_of(card: ScoreCard) -> frozenset[SeedOfSetting]:
    """What a card has a score of, tasks beside the table included."""
    return frozenset((seed.setting, seed.seed) for seed in _seeds(card))


def merged(cards: Sequence[ScoreCard]) -> ScoreCard:
    """One card of all that several cards of one variant scored: their seconds add up, and so do their remarks.

    What was measured of the op (sizes, speed, versions) is as in the first. ValueError where there is no card, where
    two have a score of the same seed, and where they were tested on different draws.
    """
    if not cards:
        raise ValueError("there is no card to put together")
    if len({card.test_seed for card in cards}) > 1:
        raise ValueError("these cards were tested on different draws: evaluate all legs of a run with one test seed")
    if len(frozenset().union(*map(seeds_of, cards))) < sum(len(seeds_of(card)) for card in cards):
        raise ValueError("two of these cards have a score of the same seed of a setting: legs do not overlap")
    return replace(
        cards[0],
        tasks=_by_task(seed for card in cards for score in card.tasks.values() for seed in score.seeds),
        further=_by_task(seed for card in cards for score in card.further.values() for seed in score.seeds),
        seconds=sum(card.seconds for card in cards),
        device=", ".join(dict.fromkeys(card.device for card in cards)),
        remarks=tuple(dict.fromkeys(remark for card in cards for remark in card.remarks)),
    )


def restricted(card: ScoreCard, part: ScoreCard) -> ScoreCard | None:
    """What a whole row's card holds of the seeds that another variant's part has: a card to compare the part with.

    It bears the part's protocol. None where the row lacks one of them, as one of another protocol does.
    """
    wanted = seeds_of(part)
    if not wanted <= seeds_of(card):
        return None
    kept = [seed for seed in _seeds(card) if (seed.setting, seed.seed) in wanted]
    return replace(
        card,
        protocol=part.protocol,
        fingerprint=part.fingerprint,
        tasks=_by_task(seed for seed in kept if seed.task in part.tasks),
        further=_by_task(seed for seed in kept if seed.task in part.further),
    )


def _seeds(card: ScoreCard) -> Iterable[SeedScore]:
    for score in (*card.tasks.values(), *card.further.values()):
        yield from score.seeds


def _by_task(seeds: Iterable[SeedScore]) -> dict[str, TaskScore]:
    """Tasks in the order in which they come, their seeds as a whole row has them: by setting and seed."""
    found: dict[str, list[SeedScore]] = {}
    for seed in seeds:
        found.setdefault(seed.task, []).append(seed)
    return {
        task: TaskScore(task, tuple(sorted(mine, key=lambda seed: (seed.setting, seed.seed))))
        for task, mine in found.items()
    }
