"""Fuzzy Recall: recall where keys and values are motifs of one to three tokens, so that pairs have no fixed grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.evaluator.tasks.motifs import CHANCE, Motifs
from agent.evaluator.tasks.repeats import shown_before
from agent.evaluator.tasks.task import IGNORE, Examples, Option, Request, Setting, Task, too_small

if TYPE_CHECKING:
    from torch import Tensor

MOTIF = Option("motif", 1, "the most tokens of a key or value (3 in MAD)")
GOLDEN = 0x9E3779B97F4A7C15 - 2**64  # 2^64 over the golden ratio, as a signed number: SplitMix64's step


def fuzzy_recall(request: Request) -> Examples:
    """Pairs of motifs, one of which, the probe, is drawn first, shown at a random place and asked for at the end.

    Keys are motifs of the first half of the V - 1 ordinary tokens, values of the second half; the token V - 1 pads on
    the left to L + 1 tokens, of which the inputs are all but the last. Lengths are uniform in 1..motif, but in a test
    all keys have the full length. A key's value is drawn for each sequence anew.

    The targets are the next tokens: in training all of them, padding too; in a test only the value tokens of keys
    shown before.
    """
    setting = request.setting
    pairs = lay_out(request)
    sequence = request.full(setting.length + 2, setting.vocab - 1)
    write(pairs.keys, key_motifs(setting), pairs.starts, pairs.used, sequence)
    value_starts = pairs.starts + key_motifs(setting).length(pairs.keys)
    write(pairs.values, value_motifs(setting), value_starts, pairs.used, sequence)

    answers = sequence
    if request.scored:
        answers = request.full(setting.length + 2, IGNORE)
        scored = pairs.used & shown_before(pairs.keys)
        write(pairs.values, value_motifs(setting), value_starts, scored, answers)
    return Examples(inputs=sequence[:, :-2], targets=answers[:, 1:-1])


def key_motifs(setting: Setting) -> Motifs:
    return Motifs(first=0, size=(setting.vocab - 1) // 2, longest=MOTIF.of(setting))


def value_motifs(setting: Setting) -> Motifs:
    half = (setting.vocab - 1) // 2
    return Motifs(first=half, size=setting.vocab - 1 - half, longest=MOTIF.of(setting))


@dataclass(frozen=True)
class Pairs:
    """N rows of S slots, one (key, value) pair of motif codes in each; all tensors are (N, S)."""

    keys: Tensor
    values: Tensor
    starts: Tensor  # the column of the key's first token
    used: Tensor  # bool; the row's last used slot is the one that asks for the probe


def lay_out(request: Request) -> Pairs:
    """Draw the pairs of each row and find their places.

    Pairs follow each other until no more than one of the longest pairs and the probe fit; then the probe is asked for.
    It is shown at the first pair boundary at or after a position drawn uniformly from those before that end, and at
    the latest where one more pair could already reach the end. A pair that happens to have its key before that is
    its showing, too.
    """
    import torch

    setting, motif = request.setting, MOTIF.of(request.setting)
    longest_pair, shortest_pair = 2 * motif, 1 + (motif if request.scored else 1)
    slots = setting.length // shortest_pair  # more than a row has room for
    keys = draw_keys(request, 1 + slots)
    values = draw_values(request, keys)
    lengths = key_motifs(setting).length(keys) + value_motifs(setting).length(values)

    drawn = torch.stack((keys, values, lengths))  # (3, N, 1 + S)
    probe, drawn = drawn[:, :, :1], drawn[:, :, 1:]
    keys, values, lengths = drawn  # views: what is put into `drawn` shows in them
    full = setting.length - longest_pair - probe[2]  # (N, 1): no pair may start at or after this position

    place = torch.minimum(request.integers(CHANCE, 1) % full, full - longest_pair)
    show = first((starts_of(lengths) >= place) | (keys == probe[0]))
    # All slots are drawn alike, so putting the probe over one is as good as putting it between two.
    drawn.scatter_(2, show.expand(3, -1, -1), probe)
    ask = first(starts_of(lengths) >= full)
    drawn.scatter_(2, ask.expand(3, -1, -1), probe)

    starts = starts_of(lengths)
    padding = setting.length + 1 - (starts + lengths).gather(1, ask)
    used = torch.arange(slots, device=keys.device) <= ask
    most = int(ask.max()) + 1  # what no row uses need not be written
    return Pairs(keys[:, :most], values[:, :most], (starts + padding)[:, :most], used[:, :most])


def draw_keys(request: Request, slots: int) -> Tensor:
    """(N, S) motif codes."""
    motifs, chance = key_motifs(request.setting), request.integers(CHANCE, slots)
    return motifs.pick_longest(chance) if request.scored else motifs.pick(chance)


def draw_values(request: Request, keys: Tensor) -> Tensor:
    """(N, S) motif codes: in a row a key always has the same value, in another row an unrelated one.

    There are too many keys for a table, so the value's chance is a hash of the key and a number of the row's own.
    """
    salt = request.integers(CHANCE, 1)
    return value_motifs(request.setting).pick(scrambled(salt + keys * GOLDEN))


def write(codes: Tensor, motifs: Motifs, starts: Tensor, wanted: Tensor, sequence: Tensor) -> None:
    """Put the tokens of the wanted motifs into the sequences (N, T); the last column takes what is not wanted."""
    lengths, spare = motifs.length(codes), sequence.shape[1] - 1
    for offset, token in enumerate(motifs.tokens(codes)):
        columns = (starts + offset).masked_fill_(~wanted | (lengths <= offset), spare)
        sequence.scatter_(1, columns, token)


def starts_of(lengths: Tensor) -> Tensor:
    return lengths.cumsum(1) - lengths


def first(condition: Tensor) -> Tensor:
    """(N, S) bool -> (N, 1): the first slot that is true."""
    return condition.int().argmax(dim=1, keepdim=True)  # argmax takes the first of equals


def scrambled(x: Tensor) -> Tensor:
    """The finaliser of SplitMix64 (Steele et al. 2014), which turns counters into noise, less the sign bit."""
    x = (x ^ shifted(x, 30)) * (0xBF58476D1CE4E5B9 - 2**64)
    x = (x ^ shifted(x, 27)) * (0x94D049BB133111EB - 2**64)
    return (x ^ shifted(x, 31)) & CHANCE


def shifted(x: Tensor, by: int) -> Tensor:
    """The logical right shift; on int64 torch's own one drags the sign along."""
    return (x >> by) & (2 ** (64 - by) - 1)


def complaints(setting: Setting) -> Iterator[str]:
    motif = MOTIF.of(setting)
    if motif not in (1, 2, 3):
        yield "motif must be 1, 2 or 3"
        return
    # A motif repeats no token, so each half of the V - 1 ordinary tokens must hold the longest one; the length must
    # hold the longest probe twice, and one more pair must fit beside it.
    yield from too_small(setting, vocab=2 * motif + 1, length=4 * motif + 1)


FUZZY_RECALL = Task(
    "Fuzzy Recall",
    "Context Recall with keys and values of one or several tokens; in the test all keys have the most.",
    fuzzy_recall,
    complaints,
    options=(MOTIF,),
    lengthens=True,
)
