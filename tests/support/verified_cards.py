"""Cards of made-up verifications: accuracies at several lengths and with several numbers of pairs."""

from dataclasses import replace

from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.baselines import TEMPLATE
from agent.core.run import Run
from agent.core.score import LongerTest, PairsTest, ScoreCard, SeedScore, Speed, TaskScore, Verification
from agent.science.history import History

FRESH = "fedcba987654"  # the fingerprint of the protocol that verifies
QUERIES, SEEDS = "Multi-Query Recall", range(200, 204)
TASKS = ("Context Recall", "Fuzzy Recall", "Noisy Recall", "Selective Copy")
# Plain accuracy at 1, 2, 4 and 8 times the length, of each task, roughly as quick shows it.
TEMPLATE_LENGTHS = (
    (0.99, 0.99, 0.99, 0.99),
    (0.5, 0.45, 0.38, 0.3),
    (0.99, 0.99, 0.98, 0.98),
    (0.94, 0.94, 0.93, 0.92),
)
NO_MEMORY = ((0.29, 0.28, 0.27, 0.27), (0.15, 0.15, 0.14, 0.13), (0.27, 0.26, 0.25, 0.25), (0.07, 0.07, 0.07, 0.07))
FORGETS = (*TEMPLATE_LENGTHS[:3], (0.96, 0.85, 0.6, 0.47))  # as Gated DeltaNet copies
TEMPLATE_PAIRS = {4: 0.999, 8: 0.995, 16: 0.96, 32: 0.84, 64: 0.5}
NO_PAIRS = {4: 0.2, 8: 0.1, 16: 0.05, 32: 0.02, 64: 0.01}


def verified_card(lengths=TEMPLATE_LENGTHS, pairs=TEMPLATE_PAIRS, wiggle=0.005, own=0.002, state=8192, seeds=SEEDS):
    """A card of these accuracies. `wiggle` is what all variants' seeds share, `own` what this one's seeds add to it."""
    tasks = {
        task: TaskScore(task, tuple(_seed(task, levels, seed, _step(seed, wiggle, own)) for seed in seeds))
        for task, levels in zip(TASKS, lengths, strict=True)
    }
    further = {QUERIES: TaskScore(QUERIES, tuple(_recall(pairs, seed, _step(seed, wiggle, own)) for seed in seeds))}
    return ScoreCard(
        "verify", FRESH, tasks, 1000, 64, Speed(1, 1), "cpu", {}, 7, 60.0, state_bytes=state, further=further
    )  # fmt: skip


def _step(seed, wiggle, own):
    return (seed % 3 - 1) * wiggle + (seed % 2 - 0.5) * own


def _score(task, level, seed, **facts):
    return SeedScore(task, f"{task} V16", seed, level, level, level, 2e-3, 0.0, "finished", 1, 1, **facts)


def _seed(task, levels, seed, step):
    home, *there = (min(1.0, max(0.0, level + step)) for level in levels)
    longer = tuple(LongerTest(2 ** (1 + place), level, level) for place, level in enumerate(there))
    return _score(task, home, seed, longer=longer)


def _recall(pairs, seed, step):
    reached = {number: min(1.0, max(0.0, level + step)) for number, level in pairs.items()}
    tests = tuple(PairsTest(number, level, level) for number, level in reached.items())
    return _score(QUERIES, tests[-1].micro if tests else 0.0, seed, pairs=tests)


def verified_history(**cards):
    """The template and these variants, scored, and what each showed beyond its row; None for one that was not verified.

    The template is verified as it usually does, unless a card of it is given.
    """
    everyone = {TEMPLATE: verified_card(own=0.0), **cards}
    runs = [
        Run(str(number), "analysed", sample_proposal(name), "quick", FINGERPRINT, card=sample_card())
        for number, name in enumerate(everyone)
    ]
    shown = {run.id: Verification((card,)) for run, card in zip(runs, everyone.values(), strict=True) if card}
    return History(tuple(runs), {}, verifications=shown)


def of_other_draws(card):
    """The same card as if it had been tested on other draws."""
    return replace(card, test_seed=8)
