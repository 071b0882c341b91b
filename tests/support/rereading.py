"""Read an example again token by token: check every rule of its task, and say from the inputs what its targets are.

A rereader knows nothing of how the example was made. It asserts what must hold and returns the expected targets.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.evaluator.tasks.fuzzy_recall import MOTIF
from agent.evaluator.tasks.multi_query_recall import PAIRS
from agent.evaluator.tasks.selective_copy import COPIES
from agent.evaluator.tasks.task import IGNORE, Setting

Motif = tuple[int, ...]


def reread(setting: Setting, split: str, inputs: list[int], value_of: dict[int, int]) -> list[int]:
    """The expected targets; `value_of` is the map of Memorize as known so far, and learns from nothing here."""
    assert len(inputs) == setting.input_length
    assert all(0 <= token < setting.vocab for token in inputs)
    match setting.task:
        case "Compress":
            return reread_compress(setting, inputs)
        case "Context Recall" | "Noisy Recall":
            return reread_recall(setting, split, inputs)
        case "Fuzzy Recall":
            return reread_fuzzy(setting, split, inputs)
        case "Memorize":
            return reread_memorize(setting, inputs, value_of)
        case "Selective Copy":
            return reread_selective_copy(setting, inputs)
        case "Multi-Query Recall":
            return reread_multi_query(setting, split, inputs)
    raise AssertionError(setting.task)


def reread_compress(setting: Setting, inputs: list[int]) -> list[int]:
    assert inputs[-1] == setting.vocab - 1
    assert setting.vocab - 1 not in inputs[:-1]
    return inputs


def reread_recall(setting: Setting, split: str, inputs: list[int]) -> list[int]:
    ordinary = setting.vocab - setting.options.get("noise_vocab", 0)
    memory: dict[int, int] = {}
    answers = []
    for key, value in zip(inputs[0:-1:2], inputs[1::2], strict=True):
        answers += [IGNORE, memory.get(key, IGNORE)]
        if key >= ordinary:
            assert value >= ordinary, "noise comes in pairs"
            continue
        assert key < ordinary // 2 <= value < ordinary
        assert memory.setdefault(key, value) == value, "a key keeps its value"
    last_value = memory[inputs[-1]]  # the last key was shown, and is not noise
    answers += [IGNORE, last_value]
    return [*inputs[1:], last_value] if split == "train" else answers[1:]


@dataclass(frozen=True)
class FuzzyPair:
    key: Motif
    value: Motif
    start: int  # the position of its first token


def fuzzy_pairs(setting: Setting, inputs: list[int]) -> list[FuzzyPair]:
    """The pairs after the padding, the last one without its last value token (which may leave it no value)."""
    half, pad = (setting.vocab - 1) // 2, setting.vocab - 1
    start = next(i for i, token in enumerate(inputs) if token != pad)
    assert pad not in inputs[start:], "padding is on the left only"
    pairs = []
    while start < len(inputs):
        value_start = next((i for i in range(start, len(inputs)) if inputs[i] >= half), len(inputs))
        end = next((i for i in range(value_start, len(inputs)) if inputs[i] < half), len(inputs))
        pairs.append(FuzzyPair(tuple(inputs[start:value_start]), tuple(inputs[value_start:end]), start))
        start = end
    return pairs


def reread_fuzzy(setting: Setting, split: str, inputs: list[int]) -> list[int]:
    *shown, last = fuzzy_pairs(setting, inputs)
    memory: dict[Motif, Motif] = {}
    answers = [IGNORE] * shown[0].start
    for pair in shown:
        check_motif(pair.key, MOTIF.of(setting), full=split == "test")
        check_motif(pair.value, MOTIF.of(setting), full=False)
        answers += [IGNORE] * len(pair.key) + [*(memory.get(pair.key) or [IGNORE] * len(pair.value))]
        assert memory.setdefault(pair.key, pair.value) == pair.value, "a key keeps its value"
    value = memory[last.key]
    assert last.value == value[:-1], "the sequence ends with the probe's value"
    check_room(setting, shown, last.start, len(last.key) + len(value))
    answers += [IGNORE] * len(last.key) + [*value]
    return [*inputs[1:], value[-1]] if split == "train" else answers[1:]


def check_motif(motif: Motif, longest: int, *, full: bool) -> None:
    assert (longest if full else 1) <= len(motif) <= longest
    assert len(set(motif)) == len(motif), "a motif repeats no token"


def check_room(setting: Setting, shown: list[FuzzyPair], asked: int, probe_length: int) -> None:
    """Pairs are drawn until no more than one of the longest and the probe fit, and no longer."""
    first = shown[0].start
    full = setting.length - 2 * MOTIF.of(setting) - probe_length
    assert shown[-1].start - first < full <= asked - first


def reread_memorize(setting: Setting, inputs: list[int], value_of: dict[int, int]) -> list[int]:
    assert all(token == setting.vocab - 1 for token in inputs[1::2])
    assert all(token < (setting.vocab - 1) // 2 for token in inputs[0::2])
    return list(interleave(inputs[0::2], value_of))


def interleave(keys: list[int], value_of: dict[int, int]) -> Iterator[int]:
    for key in keys:
        yield from (IGNORE, value_of[key])


def reread_selective_copy(setting: Setting, inputs: list[int]) -> list[int]:
    n, blank, copy = COPIES.of(setting), setting.vocab - 2, setting.vocab - 1
    before, marker, after = inputs[: -n - 1], inputs[-n - 1], inputs[-n:]
    assert marker == copy
    assert copy not in before
    assert after == [blank] * n
    assert before[-1] != blank, "no blank comes after the last token"
    tokens = [token for token in before if token != blank]
    assert len(tokens) == n
    return [IGNORE] * (setting.length - n) + tokens


def reread_multi_query(setting: Setting, split: str, inputs: list[int]) -> list[int]:
    pairs, blank = PAIRS.of(setting), setting.vocab - 1
    keys, values, rest = inputs[0 : 2 * pairs : 2], inputs[1 : 2 * pairs : 2], inputs[2 * pairs :]
    shown = sum(key != blank for key in keys)
    assert shown == pairs or (split == "train" and shown in {max(1, pairs >> halvings) for halvings in range(4)})
    assert set(keys[shown:] + values[shown:]) <= {blank}
    keys, values = keys[:shown], values[:shown]
    assert all(key < blank // 2 for key in keys)
    assert all(blank // 2 <= value < blank for value in values)
    memory = dict(zip(keys, values, strict=True))
    assert len(memory) == shown, "no key is shown twice"
    assert sorted(token for token in rest if token != blank) == sorted(keys), "each key is asked for once"
    return [IGNORE] * 2 * pairs + [memory.get(token, IGNORE) for token in rest]
