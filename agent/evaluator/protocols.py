"""The protocols that ship with the project."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from agent.core.errors import UsageError
from agent.evaluator.protocol import Cut, Init, Leg, Plan, Protocol
from agent.evaluator.tasks.task import Setting
from agent.evaluator.text.source import TextSource, read_source

TRAIN_EXAMPLES = 12_800
FEWER_EXAMPLES = (6400, 3200, 1600, 800)
MEMORIZE_EXAMPLES = 256


def _around(baseline: Setting, **changes: tuple[Any, ...]) -> tuple[Setting, ...]:
    """A baseline setting and all that differ from it in one variable."""
    varied = (replace(baseline, **{name: value}) for name, values in changes.items() for value in values)
    return tuple(chain([baseline], varied))


# The 66 settings of MAD (Poli et al. 2024, arXiv 2403.17844).
MAD_SETTINGS = {
    "Compress": _around(
        Setting("Compress", 16, 32, TRAIN_EXAMPLES),
        vocab=(32, 64, 128), length=(64, 128, 256), train_examples=FEWER_EXAMPLES,
    ),
    "Context Recall": _around(
        Setting("Context Recall", 16, 128, TRAIN_EXAMPLES),
        vocab=(32, 64, 128), length=(256, 512, 1024), train_examples=FEWER_EXAMPLES,
    ),
    "Fuzzy Recall": _around(
        Setting("Fuzzy Recall", 16, 128, TRAIN_EXAMPLES, motif=3),
        vocab=(32, 64, 128), length=(256, 512, 1024), train_examples=FEWER_EXAMPLES,
    ),
    "Memorize": _around(
        Setting("Memorize", 256, 32, MEMORIZE_EXAMPLES),
        vocab=(512, 1024, 2048, 4096, 8192),
    ),
    "Noisy Recall": _around(
        Setting("Noisy Recall", 32, 128, TRAIN_EXAMPLES, noise=0.2, noise_vocab=16),
        vocab=(48, 80, 144), length=(256, 512, 1024), train_examples=FEWER_EXAMPLES, noise=(0.4, 0.6, 0.8),
    ),
    "Selective Copy": _around(
        Setting("Selective Copy", 16, 256, TRAIN_EXAMPLES, copies=16),
        vocab=(32, 64, 128), length=(512, 1024), train_examples=FEWER_EXAMPLES, copies=(32, 64, 96),
    ),
}  # fmt: skip

# Memorize is the noisiest column and the cheapest; Context and Noisy Recall and Copy hardly vary and cost the most.
MAD_SEEDS = {"Memorize": 5, "Fuzzy Recall": 2}


# Tested on longer sequences is a task's baseline setting alone: the others change one thing of it, some of them the
# length to 1,024, and a test of each would cost as much again.
MAD_LONGER = (8,)


def _mad_plans(
    seeds: dict[str, int], least: int, rates: tuple[float, ...], decays: tuple[float, ...], first_seed: int = 0
) -> tuple[Plan, ...]:
    return tuple(
        Plan(
            part,
            seeds.get(task, least),
            128,
            epochs=200,
            learning_rates=rates,
            weight_decays=decays,
            validations=200,
            first_seed=first_seed,
            longer=longer,
        )
        for task, settings in MAD_SETTINGS.items()
        for part, longer in ((settings[:1], MAD_LONGER), (settings[1:], ()))
    )


CHEAP_TOKENS = 1 << 20  # an epoch's, of all that the first leg has of a setting
LONGEST_UNPROVEN = 256  # longer sequences are for what holds up to here


def _mad_legs(plans: tuple[Plan, ...]) -> tuple[Leg, ...]:
    """Each task's baseline setting and as many seeds of others as are cheap; then everything up to L 256."""
    every = [(plan, setting) for plan in plans for setting in plan.settings]
    baselines = {settings[0] for settings in MAD_SETTINGS.values()}
    first = []
    for plan, setting in every:
        cheap = min(plan.seeds, CHEAP_TOKENS // (setting.train_examples * setting.length))
        if seeds := max(cheap, int(setting in baselines)):
            first.append((setting.label, seeds))
    second = tuple((setting.label, plan.seeds) for plan, setting in every if setting.length <= LONGEST_UNPROVEN)
    return Leg(tuple(first)), Leg(second)


MAD_PLANS = _mad_plans(MAD_SEEDS, least=1, rates=(1e-3,), decays=(0.0,))
MAD = Protocol(
    name="mad",
    purpose="every difficulty setting of MAD, averaged a task: the numbers of baselines/reference.csv",
    plans=MAD_PLANS,
    legs=_mad_legs(MAD_PLANS),
)

# Beyond all seeds of `mad`: a winner is confirmed by draws that did not choose it.
FRESH_SEED = 100

MAD_GRID = replace(
    MAD,
    name="mad-grid",
    purpose="mad over the whole grid of learning rate and weight decay, three seeds and more: for finalists",
    plans=_mad_plans(
        {task: 3 * n for task, n in MAD_SEEDS.items()},
        3,
        rates=(1e-4, 5e-4, 1e-3),
        decays=(0.0, 0.1),
        first_seed=FRESH_SEED,
    ),
    cut=Cut(after=0.25, margin=0.2),
    time_limit_hours=96.0,
    legs=(),  # finalists are trained to their end
)


def _leg(plans: tuple[Plan, ...], seeds: Mapping[str, int]) -> Leg:
    """The first so many seeds of every setting of the tasks that are named.

    On a CPU a row is then the same to the digit whether it is evaluated at once or by legs, if the seeds that train
    together in it (agent/evaluator/training/stack.py) are in one leg: alone they would be rounded otherwise.
    """
    settings = [setting for plan in plans for setting in plan.settings]
    return Leg(tuple((each.label, seeds[each.task]) for each in settings if each.task in seeds))


SMOKE_PLANS = (
    Plan(
        (
            Setting("Compress", 8, 16, 64),
            Setting("Context Recall", 8, 16, 64),
            Setting("Fuzzy Recall", 8, 16, 64),
            Setting("Memorize", 16, 16, 64),
            Setting("Noisy Recall", 12, 16, 64, noise=0.2, noise_vocab=4),
            Setting("Selective Copy", 8, 16, 64, copies=4),
            Setting("Multi-Query Recall", 17, 16, 64, pairs=4),
        ),
        seeds=2, batch=32, epochs=4, learning_rates=(2e-3,), weight_decays=(0.0,), validations=2, longer=(2,),
    ),
)  # fmt: skip
SMOKE = Protocol(
    name="smoke",
    purpose="seconds on two cores, to see that everything runs; its scores mean nothing",
    plans=SMOKE_PLANS,
    width=32,
    inner=64,
    chunk_size=8,
    validation_examples=32,
    test_examples=64,
    time_limit_hours=0.05,
    legs=(_leg(SMOKE_PLANS, {"Compress": 2, "Memorize": 2, "Multi-Query Recall": 2}),),
)


def _quick_plan(
    setting: Setting, seeds: int, epochs: int, validations: int, batch: int = 32, rate: float = 2e-3
) -> Plan:
    return Plan(
        (setting,),
        seeds,
        batch,
        epochs,
        learning_rates=(rate,),
        weight_decays=(0.0,),
        validations=validations,
        longer=(8,),
    )


# One setting a task, short enough to be learned in minutes and stopped while variants still differ, and each of them
# beyond what a mixer without memory reaches; docs/protocols.md has the measurements behind it. Most seeds go to
# Memorize and Fuzzy Recall, the noisiest, and Memorize is cheap.
QUICK_PLANS = (
    _quick_plan(Setting("Compress", 4, 20, 6400), seeds=2, epochs=3, validations=6, rate=1e-3),
    _quick_plan(Setting("Context Recall", 16, 64, 6400), seeds=2, epochs=1, validations=8),
    _quick_plan(Setting("Fuzzy Recall", 16, 48, 5600, motif=2), seeds=4, epochs=2, validations=7),
    _quick_plan(Setting("Memorize", 1024, 32, 256), seeds=10, epochs=10, validations=2, batch=64),
    _quick_plan(Setting("Noisy Recall", 32, 64, 6400, noise=0.2, noise_vocab=16), seeds=2, epochs=1, validations=8),
    _quick_plan(Setting("Selective Copy", 16, 64, 4800, copies=8), seeds=2, epochs=2, validations=6, rate=3e-3),
    _quick_plan(
        Setting("Multi-Query Recall", 257, 192, 3200, pairs=64), seeds=2, epochs=2, validations=8, batch=8,
        rate=4e-3,
    ),
)  # fmt: skip
# At most a third of a row by counted cost. A seed of Multi-Query Recall would be a seventh of the row by itself, so it
# waits. Memorize is noisy and cheap, and has four seeds; the two of Compress train together.
FIRST_OF_QUICK = {
    "Compress": 2, "Context Recall": 1, "Fuzzy Recall": 1, "Memorize": 4, "Noisy Recall": 1, "Selective Copy": 1,
}  # fmt: skip
QUICK = Protocol(
    name="quick",
    purpose="a row in two to three minutes on two cores, to screen variants: what they hold, and how fast they learn",
    plans=QUICK_PLANS,
    width=64,
    inner=176,
    chunk_size=16,
    validation_examples=256,
    test_examples=512,
    time_limit_hours=0.5,
    legs=(_leg(QUICK_PLANS, FIRST_OF_QUICK),),
)

# Beyond all seeds of a confirmation, which chose what is verified.
VERIFYING_SEED = 200


def _verify_plan(task: str, seeds: int) -> Plan:
    """How `quick` trains a task, tested at more lengths."""
    plan = next(plan for plan in QUICK.plans if plan.settings[0].task == task)
    return replace(plan, seeds=seeds, first_seed=VERIFYING_SEED, longer=(2, 4, 8))


# One training of up to 32 pairs, which mixes few with many, is tested with all numbers; 64 are beyond it.
CAPACITY = replace(
    _verify_plan("Multi-Query Recall", seeds=4),
    settings=(Setting("Multi-Query Recall", 257, 192, 3200, pairs=32),),
    pairs=(4, 8, 16, 64),
)

# What a winner must show beyond its row. Two heads of half the width halve the state, so that the numbers of pairs that
# are asked for lie on both sides of what it holds (docs/protocols.md).
VERIFY = replace(
    QUICK,
    name="verify",
    purpose="what a winner must show: the same weights at 2, 4 and 8 times the length, and with 4 to 64 pairs",
    plans=(
        _verify_plan("Context Recall", seeds=3),
        _verify_plan("Fuzzy Recall", seeds=3),
        _verify_plan("Noisy Recall", seeds=3),
        _verify_plan("Selective Copy", seeds=3),
        CAPACITY,
    ),
    heads=2,
    legs=(),
)

# A language model on bytes, around the same layers. Of its three rates all but the best leave after a tenth of the
# steps. docs/text.md says what a budget of this size can tell and what not.
TEXT_SMALL = Protocol(
    name="text-small",
    purpose="bits per byte of a small language model on two cores, on recalled bytes and on others apart",
    plans=(
        Plan(
            (Setting("Text", 256, 256, 64_000),), seeds=3, batch=8, epochs=1, learning_rates=(2e-3, 4e-3, 8e-3),
            weight_decays=(0.0,), validations=20, longer=(4,),
        ),
    ),
    width=64,
    inner=176,
    validation_examples=128,
    test_examples=512,
    cut=Cut(after=0.1, margin=0.0),
    schedule="cosine",
    text=TextSource(),
    time_limit_hours=6.0,
)  # fmt: skip

# About 20 million parameters, and twenty bytes for each of them. No machine with a GPU has measured it yet.
TEXT = Protocol(
    name="text",
    purpose="bits per byte of a language model of 20 million parameters, for a GPU",
    plans=(
        Plan(
            (Setting("Text", 256, 1024, 400_000),), seeds=3, batch=64, epochs=1, learning_rates=(5e-4, 1e-3, 2e-3),
            weight_decays=(0.1,), validations=20, longer=(4,),
        ),
    ),
    width=896,
    heads=7,
    inner=2400,
    validation_examples=256,
    test_examples=1024,
    cut=Cut(after=0.1, margin=0.0),
    schedule="cosine",
    text=TextSource(),
    time_limit_hours=24.0,
)  # fmt: skip

PROTOCOLS = {protocol.name: protocol for protocol in (SMOKE, QUICK, MAD, MAD_GRID, VERIFY, TEXT_SMALL, TEXT)}
VERIFYING = (VERIFY, TEXT_SMALL)  # what a verification trains, in this order


def on_fresh_seeds(protocol: Protocol, times: int) -> Protocol:
    """A protocol on so many times its own seeds, none of which it trains itself: those from FRESH_SEED up.

    It has no legs: what is confirmed is trained to its end.
    """
    plans = tuple(
        replace(plan, seeds=times * plan.seeds, first_seed=max(FRESH_SEED, plan.seed_numbers.stop))
        for plan in protocol.plans
    )
    return replace(protocol, plans=plans, time_limit_hours=times * protocol.time_limit_hours, legs=())


def varied(protocol: Protocol, heads: int | None = None, init: Init | None = None) -> Protocol:
    """A protocol with another number of heads or another beginning, under a fingerprint of its own.

    The width stays: each head's state is width / heads squared. UsageError where the heads do not divide the width.
    """
    heads, init = heads or protocol.heads, init or protocol.init
    if protocol.width % heads:
        raise UsageError(
            f"{heads} heads do not divide the width of protocol {protocol.name}, {protocol.width}: give 1, 2, 4 or 8"
        )
    return replace(protocol, heads=heads, init=init)


def choose_protocol(name: str | None, device: str, text: str | None = None) -> Protocol:
    """A protocol by its name; by default what the device can afford.

    text: the path of what a protocol of text reads. UsageError for a name that is none, and for a text that is none.
    """
    name = name or ("quick" if device == "cpu" else "mad")
    if name not in PROTOCOLS:
        raise UsageError(f"there is no protocol {name!r}: choose one of {', '.join(PROTOCOLS)}")
    return reading(PROTOCOLS[name], text)


def reading(protocol: Protocol, path: str | None = None) -> Protocol:
    """A protocol of text that knows the digest of its text, of the default one or of a path; any other as it is.

    UsageError for a path that is no text, or for one where the protocol reads none.
    """
    if protocol.text is None:
        if path:
            raise UsageError(
                f"protocol {protocol.name} reads no text: leave the text out, or choose text-small or text"
            )
        return protocol
    source = TextSource(path) if path else protocol.text
    text = read_source(source, protocol.longest_window)
    return replace(protocol, text=replace(source, digest=text.corpus.digest))


def refuse_without_columns(protocol: Protocol, instead: str) -> None:
    """UsageError where a protocol fills no column of the table, as one of text does not: its scores are no row."""
    if not protocol.tasks:
        raise UsageError(f"protocol {protocol.name} has no column of results.csv, so it makes no row: {instead}")


def protocol_of(name: str, fingerprint: str, tasks: Iterable[str]) -> Protocol | None:
    """The protocol that a run was scored by, whole or restricted to its tasks; None for one of an earlier edition."""
    whole = PROTOCOLS.get(name)
    if whole is None or not set(tasks) <= set(whole.tasks):
        return None
    return next((found for found in (whole, whole.only(tuple(tasks))) if found.fingerprint == fingerprint), None)
