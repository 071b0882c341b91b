"""The tasks one example at a time, in plain Python, as literally as their definition reads (arXiv 2403.17844).

Slow and obvious on purpose: the tests compare the vectorised generators with these. Each function returns the inputs
and the targets of one example as lists.
"""

from random import Random

from agent.evaluator.tasks.fuzzy_recall import MOTIF
from agent.evaluator.tasks.multi_query_recall import PAIRS
from agent.evaluator.tasks.selective_copy import COPIES
from agent.evaluator.tasks.task import IGNORE, Setting

Example = tuple[list[int], list[int]]


def literal(setting: Setting, split: str, chance: Random) -> Example:
    return {
        "Compress": compress,
        "Context Recall": recall,
        "Fuzzy Recall": fuzzy_recall,
        "Memorize": memorize,
        "Noisy Recall": recall,
        "Selective Copy": selective_copy,
        "Multi-Query Recall": multi_query_recall,
    }[setting.task](setting, split, chance)


def compress(setting: Setting, split: str, chance: Random) -> Example:
    tokens = [chance.randrange(setting.vocab - 1) for _ in range(setting.length - 1)] + [setting.vocab - 1]
    return tokens, tokens


def recall(setting: Setting, split: str, chance: Random) -> Example:
    ordinary = setting.vocab - setting.options.get("noise_vocab", 0)
    pairs = setting.length // 2
    never_noise = chance.randrange(pairs - 1)
    value_of: dict[int, int] = {}
    tokens, answers = [], []
    for pair in range(pairs - 1):
        if pair != never_noise and chance.random() < setting.options.get("noise", 0.0):
            tokens += [chance.randrange(ordinary, setting.vocab) for _ in range(2)]
            answers += [IGNORE, IGNORE]
            continue
        key = chance.randrange(ordinary // 2)
        known = key in value_of
        if not known:
            value_of[key] = chance.randrange(ordinary // 2, ordinary)
        tokens += [key, value_of[key]]
        answers += [IGNORE, value_of[key] if known else IGNORE]
    key = chance.choice(list(value_of))
    tokens += [key, value_of[key]]
    answers += [IGNORE, value_of[key]]
    return tokens[:-1], (tokens if split == "train" else answers)[1:]


def fuzzy_recall(setting: Setting, split: str, chance: Random) -> Example:
    half, pad, longest = (setting.vocab - 1) // 2, setting.vocab - 1, MOTIF.of(setting)

    def new_key() -> tuple[int, ...]:
        return tuple(chance.sample(range(half), longest if split == "test" else chance.randint(1, longest)))

    def new_value() -> tuple[int, ...]:
        return tuple(chance.sample(range(half, pad), chance.randint(1, longest)))

    probe = new_key()
    value_of = {probe: new_value()}
    shown: set[tuple[int, ...]] = set()
    tokens: list[int] = []
    answers: list[int] = []

    def say(key: tuple[int, ...]) -> None:
        value = value_of.setdefault(key, new_value())
        tokens.extend(key + value)
        answers.extend([IGNORE] * len(key) + (list(value) if key in shown else [IGNORE] * len(value)))
        shown.add(key)

    full = setting.length - 2 * longest - len(probe) - len(value_of[probe])
    place = min(chance.randrange(full), full - 2 * longest)
    while len(tokens) < full:
        say(probe if len(tokens) >= place and probe not in shown else new_key())
    say(probe)
    padding = setting.length + 1 - len(tokens)
    tokens = [pad] * padding + tokens
    answers = [IGNORE] * padding + answers
    return tokens[:-1], (tokens if split == "train" else answers)[1:]


def memorize(setting: Setting, split: str, chance: Random) -> Example:
    """Its map is drawn anew in every example, which only the inputs and the scored positions may be compared with."""
    ordinary, insert = setting.vocab - 1, setting.vocab - 1
    value_of = chance.sample(range(ordinary // 2, ordinary), ordinary // 2)
    inputs, targets = [], []
    for _ in range(setting.length // 2):
        key = chance.randrange(ordinary // 2)
        inputs += [key, insert]
        targets += [IGNORE, value_of[key]]
    return inputs, targets


def selective_copy(setting: Setting, split: str, chance: Random) -> Example:
    n, blank, copy = COPIES.of(setting), setting.vocab - 2, setting.vocab - 1
    tokens = [chance.randrange(blank) for _ in range(n)]
    blanks_before = [0] * n
    for _ in range(setting.length - 2 * n - 1):
        blanks_before[chance.randrange(n)] += 1
    inputs = []
    for token, blanks in zip(tokens, blanks_before, strict=True):
        inputs += [blank] * blanks + [token]
    return inputs + [copy] + [blank] * n, [IGNORE] * (setting.length - n) + tokens


def multi_query_recall(setting: Setting, split: str, chance: Random) -> Example:
    pairs, blank = PAIRS.of(setting), setting.vocab - 1
    keys = chance.sample(range(blank // 2), pairs)
    value_of = {key: chance.randrange(blank // 2, blank) for key in keys}
    if split == "train":
        keys = keys[: max(1, pairs // 2 ** chance.randrange(4))]
    shown = [token for key in keys for token in (key, value_of[key])]
    shown += [blank] * 2 * (pairs - len(keys))
    asked: list[int | None] = [*keys, *[None] * (setting.length - 2 * pairs - len(keys))]
    chance.shuffle(asked)
    inputs = shown + [blank if key is None else key for key in asked]
    return inputs, [IGNORE] * len(shown) + [IGNORE if key is None else value_of[key] for key in asked]
